"""The container's health check: the network answers a made-up picture with a head of each kind."""

from pathlib import Path

import numpy as np

from evaluation.contract.errors import ConfigurationError
from model.decode import decode
from model.engines.opening import EngineOptions, Say, open_engine
from model.header import read_network_header
from model.loading import is_floor
from model.views import AS_IT_IS, look

SIZE_HW = (48, 64)


def run_self_test(weights: Path, options: EngineOptions, say: Say) -> None:
    """Ask the first head of each kind; nothing is written.

    Raises:
        ConfigurationError: the weights cannot be used, are the floor's, or an answer is not finite.
        DeviceError: the device is not there.
    """
    if is_floor(weights):
        say(f"{weights.name}: the floor, which needs no engine")
        return
    header = read_network_header(weights)
    heads = {head.kind: index for index, head in reversed(list(enumerate(header.heads)))}
    engine = open_engine(weights, header, set(heads.values()), options, say)
    side = np.arange(header.input_size)
    picture = (side[:, None] ^ side[None, :]).astype(np.uint8)
    answers = look(engine, header, picture[None], {head: [0] for head in heads.values()}, (AS_IT_IS,))
    for kind, head in heads.items():
        if not np.isfinite(answers[head]).all():
            raise ConfigurationError(f"{header.heads[head].task_id}: expected finite answers but got others")
        decode(kind, answers[head][0], SIZE_HW)
    say(f"{engine.name}: {len(header.heads)} heads, {', '.join(heads)} answered")
