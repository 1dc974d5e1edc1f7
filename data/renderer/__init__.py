"""Draws faces whose keypoints are known exactly."""
