# The predictor's image, for either challenge:
#   UUSIC25  docker run --rm -v IMAGES:/input:ro -v OUT:/output -v MANIFEST.json:/input_json:ro IMAGE
#   FMC_UIA  docker run --rm -v DATA:/input:ro -v OUT:/output IMAGE
# For a GPU: docker build --build-arg GPU_TORCH=torch==2.13.0 …, then docker run --gpus all …
ARG BASE_IMAGE=python:3.11-slim-bookworm

# What runs: OpenVINO without the devices and model formats that are not used here.
FROM ${BASE_IMAGE} AS packages
COPY model/requirements.txt /requirements.txt
ARG GPU_TORCH=""
RUN pip install --no-cache-dir --no-compile --root-user-action=ignore --target /packages \
        -r /requirements.txt ${GPU_TORCH} \
    && cd /packages/openvino \
    && rm -rf include cmake tools torch libs/cache.json \
    && rm -f libs/libopenvino_intel_gpu* libs/libopenvino_intel_npu* libs/libopenvino_auto* \
        libs/libopenvino_hetero* libs/libopenvino_gguf* libs/libopenvino_jax* libs/libopenvino_paddle* \
        libs/libopenvino_pytorch* libs/libopenvino_tensorflow* \
    && rm -rf /packages/bin /packages/cv2/data /packages/numpy/f2py \
    && find /packages/numpy -type d -name tests -prune -exec rm -rf {} +

# The network as OpenVINO reads it. Torch makes it, and stays behind.
FROM ${BASE_IMAGE} AS graphs
RUN pip install --no-cache-dir --root-user-action=ignore torch==2.13.0 onnx==1.23.2 \
        --extra-index-url https://download.pytorch.org/whl/cpu
COPY --from=packages /packages /packages
WORKDIR /app
# What may be copied at all is listed in .dockerignore.
COPY evaluation evaluation
COPY model model
COPY inference.py inference.py
RUN PYTHONPATH=/packages PYTHONDONTWRITEBYTECODE=1 \
        python -m model.export --weights model/weights/lite.safetensors \
    # A checkout under a strict umask must still be readable by the user who runs the container.
    && chmod -R a+rX /app

FROM ${BASE_IMAGE}
LABEL org.opencontainers.image.title="ultrasound-bench predictor" \
      org.opencontainers.image.description="Answers UUSIC25 and FMC_UIA folders with the unified network" \
      org.opencontainers.image.licenses="Apache-2.0"
# Predicts with a read-only root, as any user, without a network: nothing is written but /output.
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PYTHONPATH=/packages OPENBLAS_NUM_THREADS=1
COPY --from=packages /packages /packages
COPY --from=graphs /app /app
WORKDIR /app
RUN useradd --system --uid 10001 --no-create-home predictor
USER 10001:10001
ENTRYPOINT ["python", "/app/inference.py"]
HEALTHCHECK --interval=10m --timeout=2m --retries=1 CMD ["python", "/app/inference.py", "--self-test"]
