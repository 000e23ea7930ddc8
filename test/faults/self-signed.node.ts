/** A certificate of localhost that nobody vouches for, and its key: for tests, where nothing depends on its secrecy. */
export const selfSigned: { readonly key: string; readonly cert: string } = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg98qbtpwUaK6HwnUn
I4lRM26eCZh0BRSvmLrd1fFRCFyhRANCAAQiQ/oioxdT2u73NMVSE1Ui4Etmp+zG
BtNNQ0KYDmTqCVXJEV8VsHMuPiT0ageC8plFlt2UYNPBx1MmTbknHdbj
-----END PRIVATE KEY-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBmjCCAUGgAwIBAgIUK9KVL0hFDxz8TPeTeBZro6hF9X0wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNTEwNDkxNFoYDzIxMjYxMTAx
MTA0OTE0WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQiQ/oioxdT2u73NMVSE1Ui4Etmp+zGBtNNQ0KYDmTqCVXJEV8VsHMu
PiT0ageC8plFlt2UYNPBx1MmTbknHdbjo28wbTAdBgNVHQ4EFgQUlEoutlsu6uA/
LLL5bOB0pF2BTH4wHwYDVR0jBBgwFoAUlEoutlsu6uA/LLL5bOB0pF2BTH4wDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDRwAwRAIgOuQIfKo+Vx2v8RhlPn50aZeQFYDDwlP9qlTW1kZN4IgCICJy
AZfPAN3OqheFc22o7mNCoeuOIR3MBkdJoVGyK+Pf
-----END CERTIFICATE-----
`,
};
