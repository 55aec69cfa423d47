"""Sandboxes in the views of a threaded server (Flask).

    pip install flask; python flask_views.py

`POST /run` runs a stranger's Python as a program of its own; `POST /title` reads a stranger's document by a function in
a restricted copy of this process. Both may be called by many threads at once, and neither stops the others.
"""

from __future__ import annotations

import html.parser
from typing import Any

import flask
from run_untrusted import run_untrusted

import ringfence

app = flask.Flask(__name__)

#: So much of a request is read.
app.config["MAX_CONTENT_LENGTH"] = 1 << 20


@app.post("/run")
def run() -> Any:
    """Run the code that was sent."""
    ended = run_untrusted(flask.request.get_data(as_text=True))
    return flask.jsonify(output=ended.stdout, errors=ended.stderr, code=ended.returncode, limit=ended.limit)


class Title(html.parser.HTMLParser):
    """Finds the title of a document."""

    inside = False
    text = ""

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        """Note that a title begins."""
        self.inside = tag == "title"

    def handle_data(self, data: str) -> None:
        """Take what is in it."""
        if self.inside:
            self.text += data

    def handle_endtag(self, tag: str) -> None:
        """Note that it ends."""
        self.inside = False


@ringfence.confined(ringfence.Policy(), limits=ringfence.Limits(wall=5, cpu=2), longest_answer=10_000)
def title(document: str) -> str:
    """Return the title of a document; in a copy that may neither open files nor connect to anything."""
    parser = Title()
    parser.feed(document)
    return parser.text.strip()


@app.post("/title")
def title_view() -> Any:
    """Tell the title of the document that was sent."""
    # What is sent is read here: the copy has no connection to read from.
    document = flask.request.get_data(as_text=True)
    try:
        return flask.jsonify(title=title(document))
    except ringfence.ConfineError as error:
        return flask.jsonify(error=str(error)), 422


if __name__ == "__main__":
    app.run(threaded=True)
