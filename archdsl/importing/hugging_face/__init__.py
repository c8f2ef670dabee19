"""Configurations of Hugging Face models (`config.json`) as text. Neither a Hugging Face package nor torch is needed."""
