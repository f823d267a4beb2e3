"""The page that is there at once: it says what is going on and goes on by itself when the page is ready."""

from __future__ import annotations

TEXTS = {
    "en": ("Lapdraw is starting", "This takes a few seconds.", "The page could not start"),
    "zh": ("Lapdraw 正在启动", "这需要几秒钟。", "页面无法启动"),
}
PHASES = {
    "en": {"engine": "Starting the worker", "page": "Loading the page", "form": "Building the page"},
    "zh": {"engine": "正在启动工作进程", "page": "正在加载页面", "form": "正在构建页面"},
}
_PAGE = """<!doctype html>
<html lang="{code}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Lapdraw</title>
<link rel="icon" href="/favicon.ico">
<noscript><meta http-equiv="refresh" content="2"></noscript>
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 0; min-height: 100vh; display: grid; place-items: center; font: 1.1rem/1.5 system-ui,
  sans-serif; background: #fafafa; color: #18181b; }}
main {{ text-align: center; padding: 1rem; max-width: 36rem; }}
h1 {{ font-size: 1.6rem; font-weight: 600; margin: 1rem 0 0.2rem; }}
p {{ margin: 0.2rem 0; }}
progress {{ width: 14rem; max-width: 90%; margin-top: 1rem; accent-color: #4f46e5; }}
@media (prefers-color-scheme: dark) {{ body {{ background: #0b0f19; color: #f3f4f6; }} }}
</style>
</head>
<body>
<main>
{icon}
<h1>{title}</h1>
<p id="state" role="status" aria-live="polite">{phase}</p>
<p>{patience}</p>
<progress aria-label="{title}"></progress>
</main>
<script>
async function follow(seen) {{
  try {{
    const reply = await fetch("/lapdraw/ready?seen=" + encodeURIComponent(seen), {{cache: "no-store"}});
    const state = await reply.json();
    if (state.ready) {{ location.reload(); return; }}
    if (state.fault) {{
      document.querySelector("h1").textContent = {failed};
      document.querySelector("progress").remove();
      document.getElementById("state").textContent = state.fault;
      return;
    }}
    document.getElementById("state").textContent = {phases}[state.phase] || "";
    follow(state.phase);
  }} catch (error) {{ setTimeout(() => follow(seen), 500); }}
}}
follow("");
</script>
</body>
</html>
"""
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" width="64" height="64" aria-hidden="true">'
    '<rect width="32" height="32" rx="7" fill="#312e81"/><circle cx="22" cy="10" r="4" fill="#fde68a"/>'
    '<path d="M0 25q8-9 16-4t16-3v7a7 7 0 0 1-7 7H7a7 7 0 0 1-7-7z" fill="#4ade80"/>'
    '<path d="M8 24v-7l5-4 5 4v7z" fill="#ef4444"/></svg>'
)


def splash(language: str, phase: str) -> str:
    """Return the whole page, which refers to nothing outside itself but our own addresses."""
    import json

    title, patience, failed = TEXTS[language]
    return _PAGE.format(
        code="zh-CN" if language == "zh" else "en",
        icon=ICON,
        title=title,
        patience=patience,
        phase=PHASES[language].get(phase, ""),
        failed=json.dumps(failed),
        phases=json.dumps(PHASES[language]),
    )
