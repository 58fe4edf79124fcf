"""Testing toolkit for streaming-vision SDKs."""
