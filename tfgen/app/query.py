"""The query in the address of the page, which holds the values of a view as text.

Example: `?tab=sample&model=mnist-vae&count=36&seed=7&temperature=0.8&label=3`. This module does not import Gradio.
"""

from urllib.parse import parse_qsl

#: Longest query that is read, in characters.
MAX_LENGTH = 4000
#: Names, in the query, of the tabs whose controls have values there.
VIEWS = ("sample", "interpolate", "mix", "explore")


def parsed(query: str) -> dict[str, str]:
    """Return the values of a query as texts. Of a name that is given twice, the last value counts."""
    return dict(parse_qsl(query[:MAX_LENGTH].removeprefix("?")))
