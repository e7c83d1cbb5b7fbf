#include "golden/harness/case.h"

#include <algorithm>

namespace plumb::golden {

Recipe& Case::add(const std::string& name, Shape shape) {
  Recipe recipe;
  recipe.name = name;
  recipe.shape = std::move(shape);
  recipe.dtype = dtype;
  recipe.fill = fill;
  recipe.scale = scale;
  recipe.offset = offset;
  recipe.seed = seed;
  recipe.layout = layout;
  return inputs.emplace_back(std::move(recipe));
}

Recipe& Case::add_ordinary(const std::string& name, Shape shape) {
  Recipe& recipe = add(name, std::move(shape));
  recipe.fill = Fill::uniform;
  recipe.scale = 1, recipe.offset = 0;
  return recipe;
}

const Recipe* Case::find(const std::string& name) const {
  const auto found =
      std::find_if(inputs.begin(), inputs.end(), [&](const Recipe& r) { return r.name == name; });
  return found == inputs.end() ? nullptr : &*found;
}

}  // namespace plumb::golden
