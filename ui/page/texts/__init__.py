"""The texts of the page, a module a tab: TEXTS = {"key": ("English", "简体中文")}."""
