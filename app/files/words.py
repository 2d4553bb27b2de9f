"""Words reduced to what people mean: lower-case ASCII, without punctuation."""

import re
import unicodedata

_LIGATURES = str.maketrans({"œ": "oe", "Œ": "OE", "æ": "ae", "Æ": "AE", "ß": "ss"})


def words_of(text: str) -> str:
    """Reduce a text to lower-case ASCII words separated by one space.

    Splits `nomCpts` and `NOM_CPTS` alike, so that field names of layers read as headers.
    """
    split = re.sub(r"(?<=[a-zé])(?=[A-Z])", " ", text.translate(_LIGATURES))
    plain = unicodedata.normalize("NFKD", split)
    letters = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return re.sub(r"[^a-z0-9]+", " ", letters.lower()).strip()
