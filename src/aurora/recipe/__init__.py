"""The recipe: one YAML file that fixes a run, read into typed models (see `stated` for files and errors)."""

from aurora.recipe.recipe import Recipe
from aurora.recipe.stated.loading import LoadedRecipe, load_recipe

__all__ = ["LoadedRecipe", "Recipe", "load_recipe"]
