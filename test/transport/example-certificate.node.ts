/**
 * A certificate of files.example, other.example, proxy.example and loopback that nobody vouches for, and its key: for tests, where nothing
 * depends on its secrecy.
 */
export const exampleCertificate: { readonly key: string; readonly cert: string } = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgU7tMeqxN3qlTA9Re
ATDPrzIElYgIswyWlW4kXe/WNzChRANCAATHPjlTJqytJhz3Oy4av2S9LpzP7JEX
7NcS/IPtne8J1VaQp6816ojJwFLZN1xc8Fqs3G8Tbrv/9Wb+cP53lNVD
-----END PRIVATE KEY-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIB0jCCAXigAwIBAgIUBAaNJ7FiTKluvzgR41acYb3glQEwCgYIKoZIzj0EAwIw
GDEWMBQGA1UEAwwNZmlsZXMuZXhhbXBsZTAgFw0yNjExMjkyMjI0NTZaGA8yMTI2
MTEwNTIyMjQ1NlowGDEWMBQGA1UEAwwNZmlsZXMuZXhhbXBsZTBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABMc+OVMmrK0mHPc7Lhq/ZL0unM/skRfs1xL8g+2d7wnV
VpCnrzXqiMnAUtk3XFzwWqzcbxNuu//1Zv5w/neU1UOjgZ0wgZowHQYDVR0OBBYE
FFAkyE1Hei6uUzhj1ScWeJZBN8vVMB8GA1UdIwQYMBaAFFAkyE1Hei6uUzhj1ScW
eJZBN8vVMA8GA1UdEwEB/wQFMAMBAf8wRwYDVR0RBEAwPoINZmlsZXMuZXhhbXBs
ZYINb3RoZXIuZXhhbXBsZYINcHJveHkuZXhhbXBsZYIJbG9jYWxob3N0hwR/AAAB
MAoGCCqGSM49BAMCA0gAMEUCIHJZBCvlouIEt5X4GXIjNF26igD6WtrcbaIwPchr
1IArAiEApAJwhlUrmWcy7Sgn/D1jVeSpQ3H9q+D+JJkVzcWUSds=
-----END CERTIFICATE-----
`,
};
