#pragma once
bool equal_to_doubled(const int* x, const int* y, int count);
