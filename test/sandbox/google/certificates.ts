/** A certificate authority of the double's own, and one server certificate for all its host names. */
import { generateKeyPairSync, randomBytes } from "node:crypto";
import forge from "node-forge";

/** All of it PEM. */
interface Certificates {
  /** For NODE_EXTRA_CA_CERTS. */
  ca: string;
  cert: string;
  key: string;
}

type Extensions = Parameters<forge.pki.Certificate["setExtensions"]>[0];

const hourMs = 3_600_000;
const authority = "Google's double in the tests of powo-builder";

const known = new Map<string, Certificates>();

/** Valid for a day, from an hour ago on; made once in a process. */
export function requireCertificates(hosts: readonly string[]): Certificates {
  const names = hosts.join(" ");
  const certificates = known.get(names) ?? createCertificates(hosts);
  known.set(names, certificates);
  return certificates;
}

function createCertificates(hosts: readonly string[]): Certificates {
  const [root, server] = [createKey(), createKey()];
  const ca = issue(authority, root.publicKey, root, [
    { name: "basicConstraints", cA: true, critical: true },
    { name: "keyUsage", keyCertSign: true, critical: true },
  ]);
  const dnsName = 2;
  const cert = issue(hosts[0] ?? "", server.publicKey, root, [
    { name: "subjectAltName", altNames: hosts.map((value) => ({ type: dnsName, value })) },
    { name: "extKeyUsage", serverAuth: true },
  ]);
  return { ca, cert, key: server.pem };
}

interface Key {
  pem: string;
  privateKey: forge.pki.rsa.PrivateKey;
  publicKey: forge.pki.PublicKey;
}

/** The library would take seconds to find the primes. */
function createKey(): Key {
  const pair = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  return {
    pem: pair.privateKey,
    privateKey: forge.pki.privateKeyFromPem(pair.privateKey),
    publicKey: forge.pki.publicKeyFromPem(pair.publicKey),
  };
}

function issue(subject: string, publicKey: Key["publicKey"], issuer: Key, extensions: Extensions): string {
  const certificate = forge.pki.createCertificate();
  // Positive: a leading 0 keeps the first bit clear.
  certificate.serialNumber = `00${randomBytes(15).toString("hex")}`;
  certificate.validity.notBefore = new Date(Date.now() - hourMs);
  certificate.validity.notAfter = new Date(Date.now() + 24 * hourMs);
  certificate.setSubject([{ name: "commonName", value: subject }]);
  certificate.setIssuer([{ name: "commonName", value: authority }]);
  certificate.setExtensions(extensions);
  certificate.publicKey = publicKey;
  certificate.sign(issuer.privateKey, forge.md.sha256.create());
  return forge.pki.certificateToPem(certificate);
}
