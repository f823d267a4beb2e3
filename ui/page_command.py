"""`page`, and `launch.py` without a command: the local web page."""

import argparse
import os

from runtime.errors import InvalidRequest

PORT = 7860


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--port", type=int, default=PORT, help="the page is at http://127.0.0.1:PORT")
    parser.add_argument("--data-dir", metavar="DIR", help="where models, outputs and the cache are")
    parser.add_argument("--no-browser", action="store_true", help="do not open the page in the browser")
    parser.add_argument(
        "--listen", action="store_true", help="let other machines of the network in; needs a password"
    )
    parser.add_argument(
        "--password-file", metavar="F", help="its first line is the password (or set LAPDRAW_PASSWORD)"
    )


def run(options: argparse.Namespace) -> int:
    """Serve the page until Ctrl-C; a second start on the same data folder opens the first one's page."""
    from runtime.places import data_folder
    from ui.web.password import VARIABLE, read_password
    from ui.web.server import Options, serve

    if options.password_file is not None and not options.listen:
        raise InvalidRequest(
            "--password-file is for a page that other machines reach: add --listen, or leave it out"
        )
    password = read_password(options.password_file) if options.listen else None
    os.environ.pop(VARIABLE, None)  # no other program needs to know it
    return serve(
        Options(
            data=data_folder(options.data_dir),
            port=options.port,
            open_browser=not options.no_browser,
            password=password,
        )
    )
