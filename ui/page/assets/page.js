// Runs in the head, before Gradio: language and theme. Afterwards: keys, title, announcements, notifications.
(() => {
  "use strict";
  const isChinese = /\/zh(\/|$)/.test(location.pathname);
  const language = isChinese ? "zh-CN" : "en";
  document.documentElement.lang = language;
  // Gradio's own words follow the browser; here they follow the page.
  Object.defineProperty(navigator, "language", { configurable: true, get: () => language });
  Object.defineProperty(navigator, "languages", { configurable: true, get: () => [language] });

  // Gradio reads the theme from the address.
  const setTheme = (theme) => {
    const address = new URL(location.href);
    if (theme === "auto") address.searchParams.delete("__theme");
    else address.searchParams.set("__theme", theme);
    if (address.href !== location.href) history.replaceState(history.state, "", address);
  };
  const remembered = () => {
    try { return localStorage.getItem("lapdraw-theme"); } catch { return null; }
  };
  let theme = remembered() || window.lapdrawTheme || "auto";
  setTheme(theme);
  const applyTheme = (wanted) => {
    if (wanted === theme) return;
    theme = wanted;
    try { localStorage.setItem("lapdraw-theme", wanted); } catch { /* private mode: the setting is asked again */ }
    setTheme(wanted);
    const dark = wanted === "dark" || (wanted === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
    document.body.classList.toggle("dark", dark);
  };

  const isShown = (element) => element !== null && element.offsetParent !== null;
  const shownButton = (ending) =>
    [...document.querySelectorAll(`button[id$="${ending}"]`)].find((button) => isShown(button) && !button.disabled);
  const overlayOpen = () =>
    document.querySelector('[role="dialog"], [role="listbox"], dialog[open], [aria-expanded="true"][role="combobox"]');

  // There, Escape closes an enlarged picture or ends a stroke.
  const isElsewhere = (element) =>
    document.fullscreenElement !== null || element.closest?.('[id$="-gallery"], [id$="-editor"], [id$="-sheet"]');

  // Arrow keys go from tab to tab, as people who use the keyboard expect; Gradio has the Tab key alone.
  const goToTab = (tab, key) => {
    const tabs = [...tab.closest('[role="tablist"]').querySelectorAll('[role="tab"]')].filter(isShown);
    const at = tabs.indexOf(tab);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: -1 }[key];
    const next = tabs.at(to % tabs.length);
    next.focus();
    next.click();
  };

  document.addEventListener("keydown", (event) => {
    if (event.isComposing) return; // an input method is choosing characters
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      const button = shownButton("-generate");
      if (button) { event.preventDefault(); event.stopPropagation(); button.click(); }
    } else if (event.key === "Escape" && !overlayOpen() && !isElsewhere(event.target)) {
      const button = shownButton("-interrupt");
      if (button) { event.preventDefault(); button.click(); }
    } else if (/^(Arrow(Left|Right)|Home|End)$/.test(event.key) && event.target.matches?.('[role="tab"]')) {
      event.preventDefault();
      goToTab(event.target, event.key);
    }
  }, true);

  let facts = { dataset: {} };
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.('button[id$="-generate"]');
    if (!button) return;
    if (facts.dataset.notify === "true" && "Notification" in window && Notification.permission === "default") {
      Notification.requestPermission();
    }
    const areas = button.closest('[id$="-areas"]');
    const result = areas?.querySelector('[id$="-live"]');
    if (result && innerWidth < 900) result.scrollIntoView({ block: "nearest" });
  }, true);

  const announce = (() => {
    let region = null;
    return (words) => {
      if (!region) {
        region = document.createElement("div");
        region.id = "page-announcements";
        region.className = "ld-hidden";
        region.setAttribute("role", "status");
        region.setAttribute("aria-live", "polite");
        document.body.append(region);
      }
      if (region.textContent !== words) region.textContent = words;
    };
  })();

  const states = new Map(); // job -> the state last seen
  const look = () => {
    facts = document.getElementById("lapdraw-facts") || facts;
    const { title, theme: wanted } = facts.dataset;
    if (wanted) applyTheme(wanted);
    // The picture editor of Gradio names a bare div, which readers may pass over; a group may have a name.
    for (const bare of document.querySelectorAll('div[data-testid="image"][aria-label]:not([role])')) {
      bare.setAttribute("role", "group");
    }
    let heading = "";
    for (const run of document.querySelectorAll(".ld-run[data-job]")) {
      const { job, state, words, percent, notify } = run.dataset;
      const before = states.get(job);
      states.set(job, state);
      if (isShown(run)) announce(words);
      if (state === "running" && !heading) heading = percent ? `${percent} % · ` : "… · ";
      const ended = before && before !== state && (state === "done" || state === "failed");
      if (ended && document.hidden && notify && "Notification" in window && Notification.permission === "granted") {
        try {
          const note = new Notification(title || document.title, { body: state === "done" ? notify : words, tag: job });
          note.onclick = () => { window.focus(); note.close(); };
        } catch (fault) {
          console.info(fault.message); // Android allows them to service workers only
        }
      }
    }
    if (title) document.title = heading + title;
  };
  setInterval(look, 400);
})();
