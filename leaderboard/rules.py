"""The declared ranking rules, in sentences that every board prints."""

_PERFORMANCE = {
    "uusic25": ("Perf = (Seg + Cls)/2; P = (Perf − min)/(max − min) over the ranked entries.",),
    "fmc_uia": (
        "P [our rule; the challenge has published none]: DSC, HD, AUC, F1 macro, MCC, IoU and MRE are "
        "min-max rescaled in their good direction over the ranked entries, averaged "
        "within their kind (segmentation DSC, HD; classification AUC, F1 macro, MCC; detection IoU; "
        "regression MRE), then over kinds; P is not rescaled again, and the column Perf shows it.",
        "A metric that is undefined for every entry is left out of P; where it is undefined for some, it "
        "counts 0 for them.",
    ),
}
_RANKING = (
    "Eff = ½·(t_max − t)/(t_max − t_min) + ½·(m_max − m)/(m_max − m_min) over the ranked entries; "
    "t is the runtime, m the peak GPU memory.",
    "Where max = min every entry gets 1 in that term.",
    "Final = 0.7·P + 0.3·Eff, higher is better; Finals equal to nine decimals share the smaller rank.",
    "An entry without a run record or without P is listed below the ranked ones, by accuracy, "
    "and has no Final.",
    "P and Eff are relative to the field: adding or removing an entry can reorder the others.",
    "Peak GPU is in GiB (MiB/1024), printed rounded up to two decimals.",
    "Failed counts missing or invalid predictions.",
)


def ranking_rules(protocol: str) -> tuple[str, ...]:
    """State how a board of this protocol ranks; the protocol is one of `leaderboard.metric.METRICS`."""
    return _PERFORMANCE[protocol] + _RANKING
