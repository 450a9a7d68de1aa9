"""What runs the network: torch, ONNX Runtime or OpenVINO behind one interface."""
