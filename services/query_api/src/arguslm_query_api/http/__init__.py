"""The routes: one module per resource. They translate, and decide nothing."""
