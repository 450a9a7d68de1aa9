"""FMC_UIA, the Foundation Model Challenge for Ultrasound Image Analysis (ISBI 2026; arXiv 2604.16914)."""
