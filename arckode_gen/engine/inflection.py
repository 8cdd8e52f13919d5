"""English and Spanish number: rules for the ordinary words, lists for the rest, and `None` for the doubtful ones."""

from __future__ import annotations

import re


def _words(text: str) -> list[str]:
    return text.split()


_PAIRS = """
person people  child children  man men  woman women  foot feet  tooth teeth  goose geese  mouse mice  ox oxen
matrix matrices  vertex vertices  criterion criteria  phenomenon phenomena  analysis analyses  crisis crises
thesis theses  diagnosis diagnoses  hypothesis hypotheses  synopsis synopses  oasis oases  leaf leaves  knife knives
life lives  wife wives  half halves  shelf shelves  wolf wolves  calf calves  thief thieves  loaf loaves
quiz quizzes  movie movies  cookie cookies  zombie zombies  tie ties  pie pies  lie lies  die dies  calorie calories
selfie selfies  hoodie hoodies  hero heroes  potato potatoes  tomato tomatoes  echo echoes  veto vetoes
cache caches  ache aches  headache headaches  niche niches  avalanche avalanches  use uses  excuse excuses
gas gases  lens lenses  alias aliases  bias biases  canvas canvases  atlas atlases  iris irises
menu menus  sku skus  cpu cpus  gpu gpus  guru gurus  taxi taxis  ski skis  emoji emojis  api apis  kpi kpis  uri uris
wiki wikis  bikini bikinis  yes yeses
razon razones  corazon corazones  boton botones  cajon cajones  salon salones  patron patrones  cupon cupones
buzon buzones  renglon renglones  millon millones  escalon escalones  solicitud solicitudes  alquiler alquileres
taller talleres  mujer mujeres  deber deberes  perfil perfiles  movil moviles  automovil automoviles  control controles
arbol arboles  capitan capitanes  volcan volcanes  boletin boletines  jardin jardines  fin fines  vez veces  voz voces
luz luces  cruz cruces  pez peces  raiz raices  lapiz lapices  mes meses  pais paises  interes intereses
autobus autobuses  ley leyes  rey reyes  red redes  pared paredes  huesped huespedes  valor valores
especie especies  superficie superficies  tribu tribus
"""
_DOUBTFUL = frozenset(
    _words("""
advice aircraft analytics audio aws axes axis bases basis bison caries cms content css data deer dns equipment
feedback fish furniture goods gps hardware homework https information ios jeans knowledge locales logistics luggage
macos mathematics media merchandise metadata money moose music news os pants physics planes pms police pos research
rice rss salmon scissors series sheep sms software species staff stuff swine tls traffic training trousers trout vps
weather
""")
)
# English puts these before a noun as they are: a sales order is one order.
_ATTRIBUTIVE = frozenset(_words("accounts customs goods sales savings sports"))
_ENGLISH_ALES = frozenset(
    _words("bales dales females gales males morales rationales sales scales tales timescales whales")
)
_ENGLISH_ENES = frozenset(_words("genes hygienes scenes"))
_ENGLISH_DORS = frozenset(_words("ambassador labrador matador"))
_ENGLISH_CIONS = frozenset(_words("coercion scion suspicion"))

_pairs = _words(_PAIRS)
_PLURAL_OF = dict(zip(_pairs[::2], _pairs[1::2], strict=True))
_SINGULAR_OF = {plural: singular for singular, plural in _PLURAL_OF.items()}


def number(word: str, *, last: bool = True) -> str | None:
    """Tell whether a lower-case word is "singular" or "plural"; None when nobody could."""
    if word in _DOUBTFUL:
        return None
    if word in _PLURAL_OF or (not last and word in _ATTRIBUTIVE):
        return "singular"
    if word in _SINGULAR_OF:
        return "plural"
    looks_plural = len(word) > 2 and word.endswith("s") and not word.endswith(("ss", "us", "is"))
    return "plural" if looks_plural else "singular"


def plural_of(word: str) -> str | None:
    """Return the plural of a singular word, or None when it would not lead back to the word."""
    plural = _pluralised(word)
    return plural if number(plural) == "plural" and _singularised(plural) == word else None


def singular_of(word: str) -> str | None:
    """Return the singular of a plural word, or None when it would not lead back to the word."""
    singular = _singularised(word)
    plurals = {_pluralised(singular), _english_plural(singular), _spanish_plural(singular)}
    return singular if number(singular) == "singular" and word in plurals else None


def _pluralised(word: str) -> str:
    if word in _PLURAL_OF:
        return _PLURAL_OF[word]
    return _spanish_plural(word) if _is_spanish(word) else _english_plural(word)


def article(word: str) -> str:
    """Return "a" before a user and "an" before an umbrella: what counts is the sound, as far as letters tell it."""
    return "an" if re.match(r"[aeio]|u(?!s|ni|ti)", word) else "a"


def _is_spanish(word: str) -> bool:
    if word.endswith("cion"):
        return word not in _ENGLISH_CIONS
    if word.endswith(("ador", "edor")):
        return word not in _ENGLISH_DORS
    return re.search(r"[ielu]dad$", word) is not None


def _english_plural(word: str) -> str:
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return f"{word}es"
    if re.search(r"[^aeiou]y$", word):
        return f"{word[:-1]}ies"
    return f"{word}s"


def _spanish_plural(word: str) -> str:
    return f"{word}s" if word[-1:] in "aeiou" else f"{word}es"


def _singularised(word: str) -> str:
    if word in _SINGULAR_OF:
        return _SINGULAR_OF[word]
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    return word[:-2] if _drops_es(word) else word[:-1]


def _drops_es(word: str) -> bool:
    """Tell whether the plural was made with -es rather than -s."""
    if re.search(r"(ss|sh|ch|x|tz)es$|(^|[^ao])uses$", word):
        return True
    if re.search(r"(iones|[ielu]dades)$", word):
        return True
    if re.search(r"[dtsrl]ores$", word):
        return not word.endswith("stores")
    return (
        (word.endswith("ales") and word not in _ENGLISH_ALES)
        or (word.endswith("enes") and word not in _ENGLISH_ENES)
        or word.endswith("eles")
    )
