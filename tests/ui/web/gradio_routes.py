"""What Gradio's routes are for us; one that a new version brings is in neither table."""

import re
from collections.abc import Iterator
from typing import Any

# What the page asks for, as Gradio names it, with an address of that kind.
ANSWERED = {
    "/": "/en/",
    "/svelte/{path:path}": "/en/svelte/a.js",
    "/assets/{path:path}": "/en/assets/index.js",
    "/static/{path:path}": "/en/static/img/logo.svg",
    "/theme.css": "/en/theme.css",
    "/favicon.ico": "/en/favicon.ico",
    "/manifest.json": "/en/manifest.json",
    "/config": "/en/config",
    "/config/": "/en/config/",
    "/gradio_api/theme.css": "/en/gradio_api/theme.css",
    "/gradio_api/info": "/en/gradio_api/info",
    "/gradio_api/info/": "/en/gradio_api/info/",
    "/gradio_api/app_id": "/en/gradio_api/app_id",
    "/gradio_api/app_id/": "/en/gradio_api/app_id/",
    "/gradio_api/heartbeat/{session_hash}": "/en/gradio_api/heartbeat/abc",
    "/gradio_api/queue/data": "/en/gradio_api/queue/data",
    "/gradio_api/queue/join": "/en/gradio_api/queue/join",
    "/gradio_api/cancel": "/en/gradio_api/cancel",
    "/gradio_api/reset": "/en/gradio_api/reset",
    "/gradio_api/reset/": "/en/gradio_api/reset/",
    "/gradio_api/run/{api_name}": "/en/gradio_api/run/_cancel",
    "/gradio_api/run/{api_name}/": "/en/gradio_api/run/_cancel/",
    "/gradio_api/upload": "/en/gradio_api/upload",
    "/gradio_api/upload_progress": "/en/gradio_api/upload_progress",
    "/gradio_api/file={path_or_url:path}": "/en/gradio_api/file=/nowhere",
}
# What it does not ask for, and why nobody may.
REFUSED = {
    "fetches an address for the asker": ("/gradio_api/proxy={url_path:path}",),
    "asks Hugging Face": (
        "/gradio_api/run-history/buckets",
        "/gradio_api/run-history/connect",
        "/gradio_api/run-history/records",
        "/gradio_api/run-history/records/{endpoint}/{record_id}/assets/{asset_id}",
        "/gradio_api/vibe-code",
        "/gradio_api/vibe-code/",
        "/gradio_api/vibe-edit",
        "/gradio_api/vibe-edit/",
        "/gradio_api/vibe-starter-queries",
        "/gradio_api/vibe-starter-queries/",
        "/gradio_api/undo-vibe-edit",
        "/gradio_api/undo-vibe-edit/",
    ),
    "calls functions as a program would: our own API comes apart from the page": (
        "/gradio_api/api/{api_name}",
        "/gradio_api/api/{api_name}/",
        "/gradio_api/call/{api_name}",
        "/gradio_api/call/{api_name}/",
        "/gradio_api/call/{api_name}/{event_id}",
        "/gradio_api/call/v2/{api_name}",
        "/gradio_api/call/v2/{api_name}/",
        "/gradio_api/call/v2/{api_name}/{event_id}",
        "/gradio_api/openapi.json",
    ),
    "is for accounts, which there are not": (
        "/login",
        "/login/",
        "/logout",
        "/gradio_api/login_check",
        "/gradio_api/login_check/",
        "/gradio_api/token",
        "/gradio_api/token/",
        "/gradio_api/user",
        "/gradio_api/user/",
    ),
    "is for those who develop or watch a Gradio program": (
        "/gradio_api/dev/reload",
        "/gradio_api/startup-events",
        "/gradio_api/queue/status",
        "/monitoring",
        "/monitoring/summary",
        "/monitoring/{key}",
        "/gradio_api/custom_component/{id}/{environment}/{type}/{file_name}",
    ),
    "writes files that the page does not use": (
        "/gradio_api/deep_link",
        "/gradio_api/process_recording",
        "/gradio_api/runs",
        "/gradio_api/runs/",
    ),
    "streams sound or video": (
        "/gradio_api/stream/{event_id}",
        "/gradio_api/stream/{event_id}/close",
        "/gradio_api/stream/{session_hash}/{run}/{component_id}/playlist.m3u8",
        "/gradio_api/stream/{session_hash}/{run}/{component_id}/playlist-file",
        "/gradio_api/stream/{session_hash}/{run}/{component_id}/{segment_id}.{ext}",
    ),
    "calls a control's own functions: listing folders is one, and no control of ours has any": (
        "/gradio_api/component_server",
        "/gradio_api/component_server/",
    ),
    "is out of date or for robots": (
        "/gradio_api/file/{path:path}",
        "/robots.txt",
        "/pwa_icon",
        "/pwa_icon/{size}",
    ),
}


def gradio_routes(application: Any) -> Iterator[tuple[str, frozenset[str]]]:
    """Every route of Gradio's application under its mount: the path with its parameters, and the methods."""
    for route in application.routes:
        inner = getattr(route, "original_router", None) or (None if hasattr(route, "endpoint") else route.app)
        if inner is not None:
            yield from gradio_routes(inner)
        else:
            yield route.path, frozenset(route.methods or ())


def example(path: str) -> str:
    """An address of the kind that a route is for."""
    return "/en" + re.sub(r"\{[^}]+\}", "x", path)
