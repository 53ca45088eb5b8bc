/* Checks a proof from a transparency log, in the browser alone: C2SP tlog-proof, signed-note, tlog-checkpoint and
   tlog-cosignature, Merkle proofs as in RFC 6962. It knows no page and asks nobody anything. Each check is a finding: what was looked
   at, whether it holds (null where that cannot be told), and values for the sentence that says so. */
(function () {
  "use strict";

  const FIRST_LINE = "c2sp.org/tlog-proof@v1";
  const BUNDLE = "optin-receipt-proof-v1";
  const LOG_KEY = 1; // Ed25519
  const WITNESS_KEY = 4; // Ed25519, cosignature/v1
  const SIGNATURE_LINE = /^— ([^\s+]+) ([A-Za-z0-9+/=]+)$/u;
  const utf8 = new TextEncoder();

  class Malformed extends Error {
    constructor(what) {
      super(what);
      this.what = what;
    }
  }

  /* --- bytes ------------------------------------------------------------------------------------------------- */

  function join(...parts) {
    const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  function same(one, other) {
    return one.length === other.length && one.every((byte, place) => byte === other[place]);
  }

  function hex(bytes) {
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  /* Base64 in its one canonical spelling: otherwise a changed letter could mean the same bytes. */
  function decode(text, what, length) {
    let bytes;
    try {
      bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    } catch {
      throw new Malformed(what);
    }
    if (btoa(String.fromCharCode(...bytes)) !== text || (length && bytes.length !== length)) throw new Malformed(what);
    return bytes;
  }

  function number(text, what) {
    const value = Number(text);
    if (!/^(0|[1-9][0-9]*)$/.test(text) || !Number.isSafeInteger(value)) throw new Malformed(what);
    return value;
  }

  async function sha256(...parts) {
    return new Uint8Array(await crypto.subtle.digest("SHA-256", join(...parts)));
  }

  /* --- keys, notes and proofs -------------------------------------------------------------------------------- */

  function readKeys(text) {
    return readLines(text, LOG_KEY, "key");
  }

  function readWitnesses(text) {
    return readLines(text, WITNESS_KEY, "witness");
  }

  /* One verifier key a line: name+id+base64(type || 32 bytes). */
  async function readLines(text, type, what) {
    const lines = text.split("\n").map((line) => line.trim()).filter(Boolean);
    return Promise.all(lines.map((line) => readKey(line, type, what)));
  }

  async function readKey(line, type, what) {
    const [, name, id, rest] = /^([^\s+]+)\+([0-9a-f]{8})\+(.+)$/.exec(line) || [];
    if (!name) throw new Malformed(what);
    const key = decode(rest, what, 33);
    const expected = await sha256(utf8.encode(name + "\n"), key);
    if (key[0] !== type || hex(expected.slice(0, 4)) !== id) throw new Malformed(what);
    return { name, id, bytes: key.slice(1), line };
  }

  function readNote(note) {
    const split = note.lastIndexOf("\n\n");
    if (split < 0 || !note.endsWith("\n") || /[\x00-\x09\x0b-\x1f]/.test(note)) throw new Malformed("checkpoint");
    const text = note.slice(0, split + 1);
    const signatures = note.slice(split + 2, -1).split("\n").map((line) => {
      const [, name, blob] = SIGNATURE_LINE.exec(line) || [];
      if (!name) throw new Malformed("signature");
      const bytes = decode(blob, "signature");
      return { name, id: hex(bytes.slice(0, 4)), bytes: bytes.slice(4) };
    });
    const [origin, size, root, ...more] = text.slice(0, -1).split("\n");
    if (!origin || !size || !root || more.includes("")) throw new Malformed("checkpoint");
    return {
      text, signatures, origin, size: number(size, "checkpoint"), root: decode(root, "checkpoint", 32),
    };
  }

  function readProof(file) {
    const split = file.indexOf("\n\n");
    if (split < 0) throw new Malformed("proof");
    const lines = file.slice(0, split).split("\n");
    if (lines.shift() !== FIRST_LINE) throw new Malformed("proof");
    let extra = null;
    if (lines[0] && lines[0].startsWith("extra ")) extra = decode(lines.shift().slice(6), "extra");
    const index = /^index (.+)$/.exec(lines.shift() || "");
    if (!index) throw new Malformed("proof");
    return {
      extra,
      index: number(index[1], "proof"),
      hashes: lines.map((line) => decode(line, "proof", 32)),
      checkpoint: file.slice(split + 2),
    };
  }

  /* A file that was chosen: a bundle, a proof or an entry. */
  function readFile(name, bytes) {
    let text;
    try {
      text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw new Malformed("file");
    }
    if (text.startsWith(FIRST_LINE)) return { kind: "proof", name, proof: readProof(text) };
    let value;
    try {
      value = JSON.parse(text);
    } catch {
      throw new Malformed("file");
    }
    if (value && value.format === BUNDLE) return { kind: "bundle", name, ...readBundle(value) };
    if (value && typeof value.type === "string" && typeof value.id === "string") return { kind: "entry", name, bytes };
    throw new Malformed("file");
  }

  function readBundle(value) {
    const isText = (each) => typeof each === "string";
    const records = value.records;
    const isWhole =
      Object.keys(value).sort().join() === "checkpoint,format,records,vkey" &&
      isText(value.vkey) && isText(value.checkpoint) && Array.isArray(records) && records.length > 0 &&
      records.every((each) => each && isText(each.entry) && isText(each.proof) && Object.keys(each).length === 2);
    if (!isWhole) throw new Malformed("bundle");
    return {
      vkey: value.vkey,
      checkpoint: value.checkpoint,
      records: records.map((each) => ({ entry: utf8.encode(each.entry), proof: readProof(each.proof) })),
    };
  }

  /* --- what is checked --------------------------------------------------------------------------------------- */

  function finding(about, holds, says, values) {
    return { about, holds, says, values: values || {} };
  }

  /* Whether one of the keys signed this checkpoint (C2SP signed-note: a wrong signature of a known key spoils it). */
  async function checkSignature(note, keys) {
    for (const signature of note.signatures) {
      const key = keys.find((each) => isBy(signature, each));
      if (!key) continue;
      if (!(await isSigned(key, signature.bytes, note.text))) return finding("signature", false, "signature.wrong");
      if (note.origin !== key.name) return finding("signature", false, "signature.origin", { origin: note.origin });
      return finding("signature", true, "signature.good", { origin: note.origin, size: note.size, id: key.id });
    }
    return finding("signature", false, "signature.missing");
  }

  /* What one witness says of this checkpoint (C2SP tlog-cosignature: eight bytes of time, then the signature). */
  async function checkCosignature(note, witness) {
    const values = { name: witness.name, size: note.size };
    const signature = note.signatures.find((each) => isBy(each, witness));
    if (!signature) return finding("witness", null, "witness.missing", values);
    const time = signature.bytes.slice(0, 8).reduce((seconds, byte) => seconds * 256n + BigInt(byte), 0n);
    const text = "cosignature/v1\ntime " + time + "\n" + note.text;
    const holds = await isSigned(witness, signature.bytes.slice(8), text);
    return finding("witness", holds, holds ? "witness.good" : "witness.wrong", { ...values, time: Number(time) });
  }

  function isBy(signature, key) {
    return signature.name === key.name && signature.id === key.id;
  }

  async function isSigned(key, signature, text) {
    const handle = await crypto.subtle.importKey("raw", key.bytes, { name: "Ed25519" }, false, ["verify"]);
    return crypto.subtle.verify({ name: "Ed25519" }, handle, signature, utf8.encode(text));
  }

  /* The root that a leaf and its path lead to (RFC 9162 2.1.3.2); null where the path has the wrong length. */
  async function climb(leaf, proof, size) {
    let hash = leaf;
    let node = proof.index;
    let last = size - 1;
    if (leaf.length !== 32 || node > last) return null;
    for (const sibling of proof.hashes) {
      if (last === 0) return null;
      if (node % 2 === 1 || node === last) {
        hash = await sha256([1], sibling, hash);
        while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)];
      } else {
        hash = await sha256([1], hash, sibling);
      }
      [node, last] = [Math.floor(node / 2), Math.floor(last / 2)];
    }
    return last === 0 ? hash : null;
  }

  async function checkInclusion(entry, proof, note) {
    const root = await climb(await sha256([0], entry), proof, note.size);
    const values = { index: proof.index, size: note.size };
    if (root && same(root, note.root)) return finding("inclusion", true, "inclusion.good", values);
    return finding("inclusion", false, root ? "inclusion.wrong" : "inclusion.length", values);
  }

  function readEntry(bytes) {
    try {
      const fields = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
      return fields && typeof fields === "object" && !Array.isArray(fields) ? fields : null;
    } catch {
      return null;
    }
  }

  /* Whether this browser can check signatures at all; on pages without https it may not. */
  async function isAble() {
    try {
      await crypto.subtle.importKey("raw", new Uint8Array(32).fill(1), { name: "Ed25519" }, false, ["verify"]);
      return true;
    } catch (trouble) {
      return Boolean(globalThis.crypto && crypto.subtle) && trouble.name === "DataError";
    }
  }

  globalThis.OptinLog = {
    Malformed, same, readKeys, readWitnesses, readNote, readFile, readEntry, finding, climb, checkSignature,
    checkCosignature, checkInclusion, isAble,
  };
})();
