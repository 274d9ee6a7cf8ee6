// What the crate `sev` makes of a launch, as a guest's owner: one line a value, NAME HEX. For
// tee/sev/testdata/peer: the platform is one of tee/sev/testdata/valid, the keys are the crate's own.
//
// usage: ward-sev-launch CHAIN [TEK TIK MEASURE]: CHAIN is a file of PDH, PEK, OCA, CEK, ASK and ARK. With
// MEASURE, which ward computed for these keys and what stands below, the crate judges it and packs a secret.
use ::sev::certs::sev::Chain;
use ::sev::firmware::host::{Build, Version};
use ::sev::launch::sev::{HeaderFlags, Measurement, Policy, PolicyFlags};
use ::sev::parser::{Decoder, Encoder};
use ::sev::session::Session;

const DIGEST: [u8; 32] = [0xab; 32];
const MNONCE: [u8; 16] = [0x17; 16];
const SECRET: [u8; 48] = [0x42; 48];
const BUILD: Build = Build { version: Version { major: 1, minor: 55 }, build: 8 };

fn policy() -> Policy {
    Policy {
        flags: PolicyFlags::NO_DEBUG
            | PolicyFlags::NO_KEY_SHARING
            | PolicyFlags::ENCRYPTED_STATE
            | PolicyFlags::NO_SEND,
        minfw: Version { major: 0, minor: 22 },
    }
}

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let bytes = std::fs::read(&words[1]).expect("the chain");
    let chain = Chain::decode(&mut &bytes[..], ()).expect("a chain");
    let mut session = Session::try_from(policy()).expect("keys");
    if words.len() == 5 {
        session.tek.copy_from_slice(&hex::decode(&words[2]).expect("TEK"));
        session.tik.copy_from_slice(&hex::decode(&words[3]).expect("TIK"));
        let measure = hex::decode(&words[4]).expect("a measurement").try_into().expect("32 octets");
        let verified = session.verify(&DIGEST, BUILD, Measurement { measure, mnonce: MNONCE }).expect("it is right");
        let secret = verified.secret(HeaderFlags::default(), &SECRET).expect("a packet");
        let flags = secret.header.flags.bits().to_le_bytes();
        println!("packet_header {}{}{}", hex::encode(flags), hex::encode(secret.header.iv), hex::encode(secret.header.mac));
        println!("packet_data {}", hex::encode(secret.ciphertext));
        return;
    }
    let start = session.start(chain).expect("the chain is right");
    let mut godh = Vec::new();
    start.cert.encode(&mut godh, ()).expect("a certificate");
    let s = start.session;
    println!("tek {}\ntik {}", hex::encode(&session.tek[..]), hex::encode(&session.tik[..]));
    println!("godh {}", hex::encode(godh));
    let parts = [&s.nonce[..], &s.wrap_tk[..], &s.wrap_iv[..], &s.wrap_mac[..], &s.policy_mac[..]];
    println!("session {}", hex::encode(parts.concat()));
}
