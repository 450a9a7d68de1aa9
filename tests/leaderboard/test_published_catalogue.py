"""The tables of the vision-language systems are as printed, their units explicit, their errors flagged."""

import numpy as np
import pytest

from evaluation.contract.errors import ConfigurationError
from leaderboard.published.catalogue import describe_published, list_published
from leaderboard.published.vision_language import (
    AVERAGE,
    EchoVlmRow,
    find_echovlm_flags,
    load_echo_alpha,
    load_echovlm,
    load_umind_vl,
)


def test_exactly_the_known_errors_of_echovlm_are_flagged() -> None:
    flags = find_echovlm_flags(load_echovlm())
    averages = {(f.where, f.printed, round(f.recomputed, 2)) for f in flags if f.recomputed is not None}
    assert averages == {
        ("vqa, BLEU-1, Qwen2-VL (7B), average", 20.39, 20.42),
        ("diagnosis, BLEU-1, LLaVA-OneVision-Ultrasound (7B), average", 55.28, 52.43),
        ("diagnosis, BLEU-1, Qwen2-VL-Ultrasound (7B), average", 58.70, 57.27),
    }
    repeats = [f.where for f in flags if f.recomputed is None]
    assert len(repeats) == 4
    assert all(where.startswith("vqa, BERTScore") and where.endswith("Thyroid") for where in repeats)


def test_a_sound_table_has_no_flag_and_a_wrong_average_one() -> None:
    def make(average: float) -> list[EchoVlmRow]:
        values = {"Liver": 10.0, "Heart": 20.0, AVERAGE: average}
        return [
            EchoVlmRow(task="report", organ=organ, metric="BLEU-1", model="m", value_percent=value)
            for organ, value in values.items()
        ]

    assert find_echovlm_flags(make(15.0)) == ()
    (flag,) = find_echovlm_flags(make(15.1))
    assert flag.recomputed == 15.0


def test_echovlm_tables_are_whole() -> None:
    rows = load_echovlm()
    assert len(rows) == 3 * 8 * 5 * 5
    assert len({(r.task, r.organ, r.metric, r.model) for r in rows}) == len(rows)
    headline = {
        r.model: r.value_percent for r in rows if (r.task, r.organ, r.metric) == ("report", AVERAGE, "BLEU-1")
    }
    # The abstract's claim: 10.15 points over the fine-tuned Qwen2-VL.
    gain = headline["EchoVLM (11B)"] - headline["Qwen2-VL-Ultrasound (7B)"]
    assert gain == pytest.approx(10.15, abs=1e-9)


def test_umind_vl_is_in_fractions_whatever_was_printed() -> None:
    rows = {row.dataset: row for row in load_umind_vl()}
    assert rows["Abdominal Ultrasound (test)"].fraction == pytest.approx(0.6007)
    assert rows["breast ultrasound (test)"].fraction == 0.8122
    assert all(0 < row.fraction < 1 for row in rows.values())


def test_echo_alpha_is_in_percent() -> None:
    rows = load_echo_alpha()
    assert len(rows) == 12
    assert np.mean([row.f1_at_05_percent for row in rows]) > 1


@pytest.mark.parametrize("name", list_published())
def test_every_published_table_prints_with_source_unit_and_whole_rows(name: str) -> None:
    table = describe_published(name)
    assert table.source
    assert table.unit
    assert table.rows
    assert all(len(row) == len(table.headers) for row in table.rows)


def test_an_unknown_table_is_refused_with_the_known_names() -> None:
    with pytest.raises(ConfigurationError, match="uusic25-sheet"):
        describe_published("nope")
