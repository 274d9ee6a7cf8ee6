// A real provider of OpenID Connect for sign_in_test.py: node-oidc-provider over TLS on loopback.
//   node provider.mjs FOLDER_OF_PACKAGES CERTIFICATE KEY AUDIENCE
// Lines of JSON go in and out. The first one in is the signing key set; the answer names the issuer. Then
// {"rotate": JWKS} takes another set, {"up": false} stops listening, {"up": true} listens at the same port again.
import fs from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import readline from 'node:readline';
import { pathToFileURL } from 'node:url';

const [folder, certificate, key, audience] = process.argv.slice(2);
const library = pathToFileURL(path.resolve(folder, 'node_modules/oidc-provider/lib/index.js'));
const { default: Provider } = await import(library);
const groups = { robot: ['staff', 'ward-owners'], idle: ['staff'], 'ward-cli': ['ward-auditors'] };

const machine = (name) => ({
  id_token_signed_response_alg: 'ES256', client_id: name, client_secret: `secret of ${name}`, grant_types: ['client_credentials'], response_types: [], redirect_uris: [],
});

function configuration(jwks) {
  return {
    jwks,
    clients: [
      ...['robot', 'idle', 'game'].map(machine),
      {
        id_token_signed_response_alg: 'ES256', client_id: 'ward-cli', token_endpoint_auth_method: 'none', response_types: [], redirect_uris: [],
        grant_types: ['urn:ietf:params:oauth:grant-type:device_code'],
      },
    ],
    cookies: { keys: ['of a test'] },
    findAccount: (ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    extraTokenClaims: (ctx, token) => ({ realm: { groups: groups[token.clientId] ?? ['ward-owners'] } }),
    ttl: { AccessToken: 600, ClientCredentials: 600, DeviceCode: 600, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
    features: {
      clientCredentials: { enabled: true },
      deviceFlow: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        useGrantedResource: () => true,
        getResourceServerInfo: (ctx, resource, client) => ({
          scope: 'ward', audience: resource, accessTokenFormat: 'jwt', accessTokenTTL: 600,
          jwt: { sign: { alg: jwks.keys[0].alg } },
        }),
      },
    },
  };
}

const server = https.createServer({ cert: fs.readFileSync(certificate), key: fs.readFileSync(key) });
const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);
let port = 0;

function take(jwks) {
  const provider = new Provider(`https://127.0.0.1:${port}`, configuration(jwks));
  server.removeAllListeners('request');
  server.on('request', provider.callback());
  return { issuer: provider.issuer };
}

const listen = () => new Promise((done) => { server.listen(port, '127.0.0.1', () => { port = server.address().port; done(); }); });
const close = () => new Promise((done) => { server.close(done); server.closeAllConnections(); });

await listen();
for await (const line of readline.createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  if (asked.rotate) say(take(asked.rotate));
  if (asked.up === true) await listen();
  if (asked.up === false) await close();
  if (asked.up !== undefined) say({ up: asked.up });
}
process.exit(0);
