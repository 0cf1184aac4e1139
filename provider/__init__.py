"""The daemon that puts an idle device to work, and the sandboxes that keep it safe."""
