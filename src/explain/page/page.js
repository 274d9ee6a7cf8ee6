"use strict";
// Verifies again, from the octets in this page, what ward verified; nothing here is needed to read it.
(() => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const ECDSA = {
    ES256: { curve: "P-256", hash: "SHA-256", octets: 32 },
    ES384: { curve: "P-384", hash: "SHA-384", octets: 48 },
    "ECDSA-P384-SHA256": { curve: "P-384", hash: "SHA-256", octets: 48 },
    ES512: { curve: "P-521", hash: "SHA-512", octets: 66 },
  };
  const RSA = {
    PS256: ["RSA-PSS", "SHA-256", 32], PS384: ["RSA-PSS", "SHA-384", 48], PS512: ["RSA-PSS", "SHA-512", 64],
    RS256: ["RSASSA-PKCS1-v1_5", "SHA-256"], RS384: ["RSASSA-PKCS1-v1_5", "SHA-384"],
    RS512: ["RSASSA-PKCS1-v1_5", "SHA-512"],
  };
  const DIGESTS = { "SHA-256": 32, "SHA-384": 48, "SHA-512": 64 };

  // Wrong is what does not verify; Cannot is what this browser is unable to tell.
  class Wrong extends Error {}
  class Cannot extends Error {}

  const fromBase64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const toHex = (octets) => Array.from(octets, (o) => o.toString(16).padStart(2, "0")).join("");

  function fromHex(octets) {
    const text = String.fromCharCode(...octets);
    if (!/^([0-9a-fA-F]{2})*$/.test(text)) throw new Wrong("not hexadecimal");
    return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
  }

  function concat(parts) {
    const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    parts.reduce((at, part) => (out.set(part, at), at + part.length), 0);
    return out;
  }

  const materials = data.materials.map((m) => fromBase64(m.base64));

  function octetsOf([material, offset, size]) {
    const all = materials[material];
    if (all === undefined || offset + size > all.length) throw new Wrong("a part lies outside");
    return all.subarray(offset, offset + size);
  }

  // derToFixed reads a DER ECDSA-Sig-Value (RFC 3279 section 2.2.3), strictly, into r || s.
  function derToFixed(der, octets) {
    let at = 0;
    const take = () => {
      if (at >= der.length) throw new Wrong("the signature is cut");
      return der[at++];
    };
    const length = () => {
      const first = take();
      if (first < 0x80) return first;
      const value = first === 0x81 ? take() : 0;
      if (value < 0x80) throw new Wrong("the signature is not DER");
      return value;
    };
    const integer = () => {
      if (take() !== 0x02) throw new Wrong("the signature is not DER");
      const size = length();
      if (size === 0 || at + size > der.length) throw new Wrong("the signature is cut");
      let value = der.subarray(at, at + size);
      at += size;
      if (value[0] >= 0x80 || (value[0] === 0 && size > 1 && value[1] < 0x80)) throw new Wrong("the signature is not DER");
      if (value[0] === 0) value = value.subarray(1);
      if (value.length > octets) throw new Wrong("the signature is too long");
      return concat([new Uint8Array(octets - value.length), value]);
    };
    if (take() !== 0x30 || length() !== der.length - at) throw new Wrong("the signature is not DER");
    const out = concat([integer(), integer()]);
    if (at !== der.length) throw new Wrong("the signature is not DER");
    return out;
  }

  // littleEndianToFixed: r and s in 72 octets each (AMD), of which the last are zero.
  function littleEndianToFixed(octets, size) {
    if (octets.length !== 144) throw new Wrong("the signature has another size");
    const number = (at) => {
      const field = octets.slice(at, at + 72).reverse();
      if (field.subarray(0, 72 - size).some((o) => o !== 0)) throw new Wrong("the signature is too long");
      return field.subarray(72 - size);
    };
    return concat([number(0), number(72)]);
  }

  function fixedSignature(fact, size) {
    const octets = octetsOf(fact.signature);
    if (fact.form === "own") return derToFixed(octets, size);
    if (fact.form === "little-endian") return littleEndianToFixed(octets, size);
    const fixed = fact.form === "hex" ? fromHex(octets) : octets;
    if (fixed.length !== 2 * size) throw new Wrong("the signature has another size");
    return fixed;
  }

  async function importKey(fact, algorithm) {
    const octets = octetsOf(fact.key);
    const point = fact.key_form === "point";
    const key = point ? concat([Uint8Array.of(4), octets]) : octets;
    try {
      return await crypto.subtle.importKey(point ? "raw" : "spki", key, algorithm, false, ["verify"]);
    } catch (error) {
      if (error.name === "NotSupportedError") throw new Cannot("it does not know this kind of key");
      throw new Wrong("the key is none");
    }
  }

  async function signatureHolds(fact) {
    const message = octetsOf(fact.message);
    if (Object.hasOwn(ECDSA, fact.algorithm)) {
      const { curve, hash, octets } = ECDSA[fact.algorithm];
      const key = await importKey(fact, { name: "ECDSA", namedCurve: curve });
      return crypto.subtle.verify({ name: "ECDSA", hash }, key, fixedSignature(fact, octets), message);
    }
    if (!Object.hasOwn(RSA, fact.algorithm)) throw new Cannot("it does not know this algorithm");
    const [name, hash, saltLength] = RSA[fact.algorithm];
    const key = await importKey(fact, { name, hash });
    return crypto.subtle.verify({ name, saltLength }, key, octetsOf(fact.signature), message);
  }

  async function digest(algorithm, octets) {
    if (!Object.hasOwn(DIGESTS, algorithm)) throw new Cannot("it does not know this algorithm");
    return new Uint8Array(await crypto.subtle.digest(algorithm, octets));
  }

  async function digestHolds(fact) {
    const parts = fact.message.map(octetsOf);
    let value = new Uint8Array(DIGESTS[fact.algorithm] ?? 0);
    if (fact.extended) {
      for (const part of parts) value = await digest(fact.algorithm, concat([value, part]));
    } else {
      value = await digest(fact.algorithm, concat(parts));
    }
    if (fact.place !== null && toHex(octetsOf(fact.place)) !== fact.expected) throw new Wrong("it stands otherwise there");
    return toHex(value) === fact.expected;
  }

  async function materialHolds(material, index) {
    return toHex(await digest("SHA-256", materials[index])) === material.sha256;
  }

  const facts = [
    ...data.signatures.map((fact, n) => ({ id: `s${n}`, holds: fact.holds, judge: () => signatureHolds(fact) })),
    ...data.digests.map((fact, n) => ({ id: `d${n}`, holds: fact.holds, judge: () => digestHolds(fact) })),
    ...data.materials.map((m, n) => ({ id: `m${n}`, holds: true, judge: () => materialHolds(m, n) })),
  ];

  async function outcomeOf(fact) {
    let holds = false;
    let why = "";
    try {
      if (globalThis.crypto?.subtle === undefined) throw new Cannot("it offers no WebCrypto here");
      holds = await fact.judge();
    } catch (error) {
      if (!(error instanceof Wrong)) return { state: "cannot", why: error.message };
      why = error.message;
    }
    if (holds !== fact.holds) return { state: "differs", holds, why };
    return { state: holds ? "verified" : "wrong", holds, why };
  }

  const WORDS = {
    verified: () => "verified in this browser",
    wrong: () => "WRONG, as ward found",
    differs: (o) => (o.holds ? "holds here: ward says it does not" : "WRONG here: ward says it holds"),
    cannot: () => "this browser cannot",
  };
  const MARKS = { verified: "good", wrong: "bad", differs: "bad", cannot: "open", nothing: "open" };

  function mark(kind) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    svg.setAttribute("class", `mark ${kind}`);
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", `#mark-${kind}`);
    svg.append(use);
    return svg;
  }

  // Where each outcome is shown, looked for once: a page may have thousands of facts.
  const places = new Map();
  for (const one of document.querySelectorAll("[data-again]")) {
    const known = places.get(one.dataset.again);
    if (known) known.push(one);
    else places.set(one.dataset.again, [one]);
  }

  function show(id, outcome) {
    const words = WORDS[outcome.state](outcome) + (outcome.why ? ` (${outcome.why})` : "");
    for (const place of places.get(id) ?? []) {
      place.replaceChildren(mark(MARKS[outcome.state]), ` ${words}`);
      place.className = `again ${outcome.state}`;
    }
  }

  const plural = (n, one, many) => `${n} ${n === 1 ? one : many}`;

  function totalOf(outcomes) {
    const number = (state) => outcomes.filter((o) => o.state === state).length;
    const what = `${plural(data.signatures.length, "signature", "signatures")}, ` +
      `${plural(data.digests.length, "digest", "digests")} and the SHA-256 of ` +
      `${plural(data.materials.length, "document", "documents")}`;
    if (number("differs") > 0) {
      return ["differs", `This page contradicts itself: ${number("differs")} of ${outcomes.length} came out otherwise here ` +
        "than it says that ward found. Do not rely on it."];
    }
    if (number("cannot") === outcomes.length) {
      return ["cannot", `This browser cannot verify anything again (${outcomes[0].why}). Save this page and open it as a ` +
        "file: browsers withhold WebCrypto from pages that came over plain http."];
    }
    const rest = number("cannot") > 0 ? ` ${number("cannot")} it cannot verify.` : "";
    if (number("wrong") > 0) {
      return ["wrong", `${number("verified")} of ${outcomes.length} verified in this browser; ${number("wrong")} WRONG, as ward found.${rest}`];
    }
    if (rest) return ["cannot", `${number("verified")} of ${outcomes.length} verified in this browser.${rest}`];
    if (data.signatures.length + data.digests.length === 0) {
      return ["nothing", "Nothing to verify: the verdict rests on no signature and on no digest. The SHA-256 of " +
        `${plural(data.materials.length, "document is", "documents is")} as the page says.`];
    }
    return ["verified", `This browser verified everything again and found what ward found: ${what}.`];
  }

  async function run() {
    const outcomes = [];
    for (const fact of facts) {
      const outcome = await outcomeOf(fact);
      show(fact.id, outcome);
      outcomes.push(outcome);
    }
    const [state, words] = totalOf(outcomes);
    for (const [id, kind] of [["again-total", "again-total"], ["again-short", "again-short"]]) {
      byId(id).className = `${kind} ${state}`;
      byId(id).replaceChildren(mark(MARKS[state]), " ", words);
    }
    document.documentElement.dataset.outcome = state;
  }

  function save(name, type, octets) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([octets], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  }

  const jsonText = () => byId("json-text").textContent.trim() + "\n";

  async function copyJson() {
    try {
      await navigator.clipboard.writeText(jsonText());
      byId("json-said").textContent = "Copied.";
    } catch {
      byId("json-said").textContent = "This browser does not let the page copy: save it instead.";
    }
  }

  function allChecks(open) {
    for (const one of document.querySelectorAll("#checks details")) one.open = open;
  }

  // A link to a check opens the group that it stands in.
  function reveal() {
    let id = "";
    try {
      id = decodeURIComponent(location.hash.slice(1));
    } catch {
      return; // not the name of anything: "#%"
    }
    const group = byId(id)?.closest("details");
    if (!group) return;
    group.open = true;
    byId(id).scrollIntoView();
  }

  for (const one of document.querySelectorAll(".needs-script")) one.hidden = false;
  for (const one of document.querySelectorAll("[data-save]")) {
    const n = Number(one.dataset.save);
    one.addEventListener("click", () => save(data.materials[n].file, "application/octet-stream", materials[n]));
  }
  byId("json-save").addEventListener("click", () => save("appraisal.json", "application/json", jsonText()));
  byId("json-copy").addEventListener("click", copyJson);
  byId("checks-open").addEventListener("click", () => allChecks(true));
  byId("checks-close").addEventListener("click", () => allChecks(false));
  byId("again-run")?.addEventListener("click", run);
  addEventListener("beforeprint", () => allChecks(true));
  addEventListener("hashchange", reveal);
  if (facts.length > 0) run();
  reveal();
})();
