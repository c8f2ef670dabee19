"""Configurations of Hugging Face models (`config.json`) as texts. No package of Hugging Face and no torch is needed."""
