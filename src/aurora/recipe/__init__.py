"""The recipe: one YAML file that fixes a run, read into typed models (see `loading` for files and errors)."""

from aurora.recipe.loading import LoadedRecipe, load_recipe
from aurora.recipe.recipe import Recipe

__all__ = ["LoadedRecipe", "Recipe", "load_recipe"]
