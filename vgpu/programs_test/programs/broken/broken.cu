// Needs a header that nobody has.
#include <plumbline_nobody_has_this.h>

int main() {}
