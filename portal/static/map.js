/* Draws the gauges on the map and keeps each mark true as time passes.
   The same shapes as the server's legend: they come in with the map's script. */
"use strict";
/* No mark of ours is Leaflet's own picture; without this every name on the map asks for it first. */
L.Marker.mergeOptions({ icon: L.divIcon({ className: "" }) });
if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
  L.Map.mergeOptions({ zoomAnimation: false, fadeAnimation: false, markerZoomAnimation: false, inertia: false });
}
hladina.start = (map, words) => {
  const ADDRESS = "/api/v1/map.geojson";
  const TICK_MS = 2000;
  const gauges = new Map();
  const age = hladina.age;
  const text = (value) => String(value).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
  const number = (value, quantity) =>
    new Intl.NumberFormat(words.language, {
      minimumFractionDigits: quantity === "level" ? 0 : 1, maximumFractionDigits: quantity === "level" ? 0 : 2,
    }).format(value);
  const fill = (sentence, places) => sentence.replace(/\{(\w+)\}/g, (_, name) => places[name] ?? "");

  function freshness(p) {
    if (!p.observed_at) return p.freshness;
    const now = hladina.now();
    if (now > Date.parse(p.silent_at)) return "silent";
    if (p.freshness === "doubtful" || p.freshness === "silent") return p.freshness;
    return now > Date.parse(p.late_at) ? "late" : "fresh";
  }

  /* Whether the forecast still holds: it ages and falls with its gauge. */
  function foreseen(p, state) {
    const doubted = state === "doubtful" && p.doubted_by.length > 0;
    return p.forecast_current && hladina.now() <= Date.parse(p.forecast_until) && (doubted || state === "fresh" || state === "late");
  }

  /* Letters of a mark stand once in the page's definitions: a mark's name is what is heard, not its letters. */
  const signs = new Map();
  const defs = document.querySelector("svg.defs > defs");
  function sign(letters, x, y, kind = "") {
    if (letters === "") return "";
    const key = String(letters);
    if (!signs.has(key)) {
      const drawn = document.createElementNS(defs.namespaceURI, "text");
      drawn.id = `sign${signs.size}`;
      drawn.setAttribute("dy", ".36em");
      drawn.textContent = key;
      defs.append(drawn);
      signs.set(key, drawn.id);
    }
    return `<use class="${kind}" href="#${signs.get(key)}" x="${x}" y="${y}"/>`;
  }

  function ahead(p, state) {
    if (!(p.degree_expected > 0)) return "";
    const current = foreseen(p, state);
    const path = words.paths[String(p.degree_expected)];
    const drop = p.degree_expected === 3 ? 4.5 : 0;
    return `<g class="ahead${current ? "" : " doubted"}" transform="translate(-12 -12) scale(.66)"><path class="aheadbody" d="${path}"/>` +
      `${sign(current ? p.degree_expected : "?", 0, drop)}</g>`;
  }

  function expectation(p, state) {
    if (!(p.degree_expected > 0) || !p.expected_at) return "";
    const degree = words.degrees[p.degree_expected];
    if (!foreseen(p, state)) return `${degree}. ${words.unsupported}`;
    if (p.expected_fading) return `${degree} – ${words.fading}`;
    const when = `${fill(words.ahead, { degree, at: hladina.clock(p.expected_at) })}, ${words.sure[p.expected_sure] ?? ""}`;
    return p.expected_unproved ? `${when}, ${words.ahead_unproved}` : when;
  }

  const foreign = (p) => p.scheme !== "spa" && p.degree_reached > 0;
  const level = (p) => (p.degree_reached === null ? "x" : p.degree_reached);
  const per = (p) => (p.quantity === "rain" ? ` / ${age(p.interval_s * 1000)}` : "");
  const value = (p) => (p.value === null ? "–" : `${number(p.value, p.quantity)} ${words.units[p.unit] ?? p.unit}${per(p)}`);

  function degree(p) {
    if (p.degree_reached === null) return words.unknown;
    if (p.scheme === "spa") return words.degrees[p.degree_reached];
    return p.degree_reached ? fill(words.schemes[p.scheme].long, { degree: p.degree_reached }) : words.schemes[p.scheme].none;
  }

  function sentence(p, state) {
    if (!p.observed_at) return words.freshness.never;
    const why = state === "doubtful" ? p.doubted_by.map((test) => words.doubts[test] ?? words.doubts.other).join("; ") : "";
    return fill(why ? words.doubted : words.freshness[state], {
      why, age: age(hladina.now() - Date.parse(p.observed_at)), interval: age(p.interval_s * 1000), since: hladina.moment(p.observed_at),
    });
  }

  /* The class another service gives the gauge, in its own scale; an old one says nothing about now. */
  const current = (c) => c.current && hladina.now() <= Date.parse(c.until);

  function classed(c) {
    if (c.class === null) return `${c.issuer}: ${words.classed.nodata}`;
    const own = c.words ? ` (${c.words})` : "";
    return `${c.issuer}: ${fill(words.classed[current(c) ? "now" : "old"], { grade: c.class, words: words.classes[c.class] ?? "–" })}${own}, ${hladina.moment(c.at)}`;
  }

  const arrow = (p, state) => (p.quantity === "rain" || state === "silent" || state === "never" ? "" : words.arrows[p.trend] ?? "");

  function drawing(p, state) {
    const kind = p.degree_reached === null ? "none" : foreign(p) ? (p.scheme === "rain" ? "rain" : "foreign") : String(p.degree_reached);
    const path = words.paths[kind];
    const letter = foreign(p) ? words.letters[p.scheme] : "";
    const shown = p.degree_reached === null ? "–" : p.degree_reached === 0 ? "" : letter + p.degree_reached;
    const corner = words.badges[state] ?? "";
    const hatch = state === "silent" ? `<path class="hatch" d="${path}" fill="url(#hatch)"/>` : "";
    const badge = corner ? `<circle class="badge" cx="11" cy="-11" r="6.5"/>${sign(corner, 11, -11, "badgetext")}` : "";
    const trend = arrow(p, state);
    const tag = p.value === null ? "" : `<span aria-hidden="true" class="tag ${state} ${p.degree_reached > 0 ? "" : "calm"}" data-text="${text(number(p.value, p.quantity))}${trend ? ` ${trend}` : ""}"></span>`;
    const klass = p.classes.filter((c) => c.class > 0 && current(c)).map((c) => `<span aria-hidden="true" class="klass" data-text="${text(`${c.issuer} ${c.class}`)}"></span>`).join("");
    return `<svg class="mark d${level(p)} ${state}${p.unproved ? " unproved" : ""}${p.degree_expected > 0 ? " expecting" : ""}" viewBox="-18 -18 36 36" aria-hidden="true"><path class="body" d="${path}"/>${hatch}` +
      `${sign(shown, 0, kind === "3" ? 4.5 : 0)}${badge}${ahead(p, state)}</svg>${tag}${klass}`;
  }

  function popup(p) {
    const state = freshness(p);
    const lines = [
      `<p class="name">${text(name(p))}</p>`,
      `<p class="value">${text(value(p))} ${arrow(p, state)}</p>`,
      `<p>${text(words.reached)}: <strong>${text(degree(p))}</strong></p>`,
      expectation(p, state) ? `<p>${text(words.expected)}: <strong>${text(expectation(p, state))}</strong></p>` : "",
      p.degree_declared === null ? "" : `<p>${text(words.declared)}: <strong>${text(words.degrees[p.degree_declared])}</strong></p>`,
      `<p>${text(hladina.lost() ? words.lost : sentence(p, state))}</p>`,
      words.pairs[p.pair] ? `<p><strong>${text(words.pairs[p.pair])}</strong></p>` : "",
      ...p.notes.map((note) => `<p>${text(words.reported)}: <strong>${text(words.causes[note.cause] ?? note.cause)}</strong> ${text(note.texts[words.language] ?? Object.values(note.texts)[0])}</p>`),
      ...p.classes.map((c) => `<p>${text(classed(c))}. <small>${text(words.classed.note)}</small></p>`),
      p.data_credit ? `<p><small>${text(words.source)}: ${text(p.data_credit)}</small></p>` : "",
      p.synthetic ? `<p><em class="synthetic">${text(words.synthetic)}</em></p>` : "",
      `<p><a href="/${words.language}/stations/${encodeURIComponent(p.id)}">${text(words.open)}</a></p>`,
    ];
    return lines.join("");
  }

  const name = (p) => (p.names[words.language] ?? p.name).trim() || p.id;

  /* Worst on top: degree first, then whatever cannot be believed, then calm. */
  function height(p, state) {
    const doubt = { silent: 500, doubtful: 400, late: 200, never: -500, fresh: 0 }[state];
    return (Math.max(p.degree_reached ?? 0, p.degree_declared ?? 0)) * 1000 + (p.degree_expected ?? 0) * 600 + doubt;
  }

  /* An open window ages too; only its words are put anew, so that the map stands and the focus stays. */
  function retell(gauge) {
    if (!gauge.marker.isPopupOpen()) return;
    const told = popup(gauge.properties);
    if (told === gauge.told) return;
    gauge.told = told;
    const place = gauge.marker.getPopup().getElement().querySelector(".leaflet-popup-content");
    const held = place.contains(document.activeElement) && document.activeElement.getAttribute("href");
    place.innerHTML = told;
    if (held) [...place.querySelectorAll("a")].find((each) => each.getAttribute("href") === held)?.focus({ preventScroll: true });
  }

  function dress(gauge) {
    const p = gauge.properties;
    const state = freshness(p);
    const html = drawing(p, state);
    if (html !== gauge.html) {
      gauge.html = html;
      gauge.marker.setIcon(L.divIcon({ className: "gauge", html, iconSize: [34, 34] }));
      gauge.marker.setZIndexOffset(height(p, state));
    }
    const element = gauge.marker.getElement();
    const hope = expectation(p, state);
    element?.setAttribute("aria-label", `${name(p)}, ${degree(p)}, ${p.degree_declared === null ? "" : `${words.declared}: ${words.degrees[p.degree_declared]}, `}${hope ? `${words.expected}: ${hope}, ` : ""}${value(p)}, ${[sentence(p, state), ...p.classes.filter(current).map(classed)].join(", ")}`);
    element?.setAttribute("role", "button");
    retell(gauge);
  }

  function draw(collection) {
    const seen = new Set();
    /* The worst is drawn first: the first one that the keyboard comes to. */
    const rank = (feature) => height(feature.properties, freshness(feature.properties));
    for (const feature of collection.features.sort((a, b) => rank(b) - rank(a))) {
      if (!feature.geometry) continue;
      const [lon, lat] = feature.geometry.coordinates;
      seen.add(feature.id);
      let gauge = gauges.get(feature.id);
      if (!gauge) {
        gauge = { marker: L.marker([lat, lon], { keyboard: true, riseOnHover: true }), html: "" };
        gauges.set(feature.id, gauge);
        gauge.marker.setIcon(L.divIcon({ className: "gauge", iconSize: [34, 34] })).addTo(map);
        gauge.marker.bindPopup(() => (gauge.told = popup(gauge.properties)), { maxWidth: 280, maxHeight: Math.max(180, map.getContainer().clientHeight - 90), autoPanPadding: [20, 20] });
      }
      gauge.properties = feature.properties;
      dress(gauge);
    }
    for (const [id, gauge] of gauges) {
      if (!seen.has(id)) { gauge.marker.remove(); gauges.delete(id); }
    }
  }

  /* Two may be under way at once: an answer to what was asked earlier never replaces a later one's. */
  let again = 0, asked = 0, drawn = 0;
  async function load() {
    clearTimeout(again);
    const turn = ++asked;
    let well = false;
    try {
      const answer = await fetch(ADDRESS, { cache: "no-cache", signal: AbortSignal.timeout(hladina.FETCH_MS) });
      const collection = answer.ok ? await answer.json() : null;
      if (turn < drawn) return;
      if (collection) {
        drawn = turn;
        draw(collection);
        tidy();
        well = true;
      }
    } catch {
      if (turn < drawn) return;
      well = false;
    }
    if (hladina.fetched("map", well)) {
      clearTimeout(again);
      again = setTimeout(load, hladina.RETRY_MS);
    }
  }

  function zoomed() {
    const box = map.getContainer();
    box.classList.toggle("far", map.getZoom() < 10.5);
    tidy();
  }

  /* Names give way to marks and to names that matter more (the map's script brings rivers first, then places). */
  function tidy() {
    const taken = [...gauges.values()].map((gauge) => gauge.marker.getElement()?.getBoundingClientRect()).filter(Boolean);
    const overlaps = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
    for (const label of map.getContainer().querySelectorAll(".label")) {
      const box = label.firstElementChild.getBoundingClientRect();
      const free = !taken.some((other) => overlaps(box, other));
      label.classList.toggle("hidden", !free);
      if (free) taken.push(box);
    }
  }

  /* Until someone takes the map in hand it keeps showing the whole region, also when a phone is turned. */
  let held = false;
  for (const kind of ["pointerdown", "wheel", "keydown"]) map.getContainer().addEventListener(kind, () => { held = true; });
  map.on("resize", () => held || map.fitBounds(words.bounds, { animate: false, padding: [12, 12] }));
  map.on("zoomend", zoomed);
  map.on("popupopen", (event) => {
    if (document.activeElement?.classList.contains("gauge")) event.popup.getElement().querySelector("a[href^='/']")?.focus();
  });
  const box = map.getContainer();
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", box.closest("section").getAttribute("aria-label"));
  hladina.on({ change: load, state: () => gauges.forEach(dress) });
  setInterval(() => gauges.forEach(dress), TICK_MS);
  zoomed();
  load();
};
