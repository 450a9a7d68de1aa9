"""The data sets that can be read: reader, where they come from and what may be done with them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from train.datasets.bus_bra import read_bus_bra
from train.datasets.busi import read_busi
from train.datasets.busis import read_busis
from train.datasets.camus import read_camus
from train.datasets.ddti import read_ddti
from train.datasets.fatty_liver import read_fatty_liver
from train.datasets.hc18 import read_hc18
from train.datasets.kidney_us import read_kidney_us
from train.datasets.lung_pocus import read_lung_pocus
from train.datasets.muscle_dltrack import read_muscle_dltrack
from train.datasets.picture import Collection
from train.datasets.regensburg import read_regensburg
from train.datasets.usgra_seg import read_usgra_seg


@dataclass(frozen=True)
class DataSet:
    """What a data card says of a source, and how it is read."""

    read: Callable[[Path], Collection]
    citation: str
    licence: str
    """As far as it is known, and from where; the source decides."""
    group: str
    """What a group is."""
    caution: str = ""
    """What a user of scores on this data should know."""


CATALOGUE: dict[str, DataSet] = {
    "busi": DataSet(
        read_busi,
        "Al-Dhabyani W, Gomaa M, Khaled H, Fahmy A. Dataset of breast ultrasound images. Data in Brief"
        " 28:104863 (2020).",
        "CC BY 4.0 (of the paper, from memory); public copies list CC0 1.0",
        "listed near-duplicates, else the image: no patient ids are published",
        "Neighbouring numbers are often one patient, so scores within this source may be too good.",
    ),
    "busis": DataSet(
        read_busis,
        "Zhang Y, Xian M, Cheng HD, Shareef B, Ding J, Xu F, et al. BUSIS: a benchmark for breast"
        " ultrasound image segmentation. Healthcare 10:729 (2022).",
        "on signed request; see its agreement",
        "the image: no patient ids are published",
        "The layout is assumed: we have not seen the archive.",
    ),
    "bus_bra": DataSet(
        read_bus_bra,
        "Gomez-Flores W, Gregorio-Calas MJ, Pereira WCA. BUS-BRA: a breast ultrasound dataset for"
        " assessing computer-aided diagnosis systems. Medical Physics 51(4):3110-3123 (2024).",
        "free use with citation (LICENSE.txt of the archive); Zenodo: CC BY 4.0 (from memory)",
        "the case; 44 with 65 and 341 with 356, which show the same frames",
    ),
    "ddti": DataSet(
        read_ddti,
        "Pedraza L, Vargas C, Narvaez F, Duran O, Munoz E, Romero E. An open access thyroid ultrasound"
        " image database. Proc. SPIE 9287:92870W (2015).",
        "open access by its title; no licence text known to us",
        "the case",
    ),
    "fatty_liver": DataSet(
        read_fatty_liver,
        "Byra M, Styczynski G, Szmigielski C, et al. Transfer learning with deep convolutional neural"
        " network for liver steatosis assessment in ultrasound images. IJCARS 13:1895-1903 (2018)."
        " Zenodo 1009146.",
        "CC BY 4.0 (from memory)",
        "the patient",
    ),
    "kidney_us": DataSet(
        read_kidney_us,
        "Singla R, Ringstrom C, Hu G, Lessoway V, Reid J, Nguan C, Rohling R. The open kidney"
        " ultrasound data set. arXiv:2206.06657 (2022).",
        "CC BY-NC-SA, registration required (README of the repository)",
        "the number before `_` in the name",
    ),
    "hc18": DataSet(
        read_hc18,
        "van den Heuvel TLA, de Bruijn D, de Korte CL, van Ginneken B. Automated measurement of fetal"
        " head circumference using 2D ultrasound images. PLoS ONE 13(8):e0200412 (2018). Zenodo 1327317.",
        "CC BY 4.0 (as stated by a catalogue of data sets)",
        "the subject: the number before `_` in the name",
        "The outline's thickness is inside the mask: its circumference is about 0.4 % too large.",
    ),
    "camus": DataSet(
        read_camus,
        "Leclerc S, Smistad E, Pedrosa J, Ostvik A, et al. Deep learning for segmentation using an open"
        " large-scale dataset in 2D echocardiography. IEEE TMI 38(9):2198-2210 (2019).",
        "CC BY-NC-SA 4.0 (from memory), citation required",
        "the patient",
        "UUSIC25's Cardiac is assumed to be the left ventricle.",
    ),
    "regensburg": DataSet(
        read_regensburg,
        "Marcinkevics R, Reis Wolfertstetter P, Klimiene U, Chin-Cheong K, Paschke A, Zerres J, et al."
        " Regensburg Pediatric Appendicitis Dataset. Zenodo 7711412 (2023).",
        "CC BY-NC 4.0 (of the Zenodo record, as quoted by others)",
        "the patient",
        "A label is the patient's: not every view shows the appendix.",
    ),
    "usgra_seg": DataSet(
        read_usgra_seg,
        "tmkand. usgra-seg: ultrasound-guided regional anaesthesia semantic segmentation (2025).",
        "CC BY 4.0 (dataset/LICENSE)",
        "listed near-duplicates, else the image: no volunteer ids are published",
        "Several images a volunteer are likely, so scores within this source may be too good.",
    ),
    "muscle_dltrack": DataSet(
        read_muscle_dltrack,
        "Cronin NJ, Finni T, Seynnes O. Fully automated analysis of muscle architecture from B-mode"
        " ultrasound images with deep learning. arXiv:2009.04790 (2020).",
        "Apache-2.0 (LICENSE of the repository; no separate licence of the data)",
        "frames of a video or repeated views, found by image similarity",
        "No subject ids; doubly annotated images show that the labels are not very repeatable.",
    ),
    "lung_pocus": DataSet(
        read_lung_pocus,
        "Born J, Wiedemann N, Cossio M, et al. Accelerating detection of lung pathologies with"
        " explainable ultrasound image analysis. Applied Sciences 11(2):672 (2021).",
        "CC BY 4.0 or 2.0, video by video: dataset_metadata.csv (License, URL) is the attribution",
        "the patient",
        "Class and source go together, so a network can learn the device.",
    ),
}
