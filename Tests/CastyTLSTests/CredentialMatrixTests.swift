import CastyCore
import CastyRemoting
import Testing

@testable import Casty
@testable import CastyTLS

/// Every kind of credentials against every other one, at both ends of a connection.
@Suite("Credentials", .timeLimit(.minutes(10)))
struct CredentialMatrixTests {
    /// The credentials of one end.
    struct Holder: Sendable {
        let name: String
        let security: ConnectionSecurity

        init(_ name: String, _ security: ConnectionSecurity) {
            self.name = name
            self.security = security
        }
    }

    private static let secret = "a secret of more than sixteen bytes"
    private static let own = ["IP:127.0.0.1", "IP:127.0.0.2", "DNS:localhost"]

    /// The first of them is right, and so is the secret.
    private static func holders(_ folder: TestFolder) throws -> [Holder] {
        let ours = try TestAuthority("ours", in: folder.url)
        let foreign = try TestAuthority("foreign", in: folder.url)
        let third = try TestAuthority("third", in: folder.url)
        func mutual(_ signed: TestAuthority.Signed, trust: TestAuthority) -> ConnectionSecurity {
            .mutual(certificate: signed.certificate, key: signed.key, trust: trust.trust, checksNames: true)
        }
        let right = try ours.sign("right", names: own)
        return [
            Holder("certificate", mutual(right, trust: ours)),
            Holder("foreign", mutual(try foreign.sign("stranger", names: own), trust: ours)),
            Holder("distrusting", mutual(right, trust: third)),
            Holder("expired", mutual(try ours.sign("expired", names: own, days: -1), trust: ours)),
            Holder("elsewhere", mutual(try ours.sign("elsewhere", names: ["IP:10.9.9.9", "DNS:other"]), trust: ours)),
            Holder("observer", mutual(try ours.sign("observer", names: own + ["URI:casty:observe"]), trust: ours)),
            Holder("shouting", mutual(try ours.sign("shouting", names: own + ["URI:Casty:OBSERVE"]), trust: ours)),
            Holder("odd", mutual(try ours.sign("odd", names: own + ["URI:CASTY:rule"]), trust: ours)),
            Holder("unknown", mutual(try ours.sign("unknown", names: own + ["URI:casty:rule"]), trust: ours)),
            Holder("secret", .sharedSecret(try SharedSecret(member: Array(secret.utf8)))),
            Holder("wrong secret", .sharedSecret(try SharedSecret(member: Array((secret + "!").utf8)))),
            Holder("weaker secret", .sharedSecret(try SharedSecret(member: nil, operate: Array(secret.utf8)))),
            Holder("none", .insecure),
        ]
    }

    /// Whether the two ends may meet.
    private static func fit(_ first: String, _ second: String) -> Bool {
        first == second && ["certificate", "secret", "wrong secret", "none"].contains(first)
    }

    /// What the calling end learns, where it is not simply one of the two kinds against the other.
    private static let reasons = [
        "foreign → certificate": "the other end refuses this node's certificate: another authority signed it",
        "expired → certificate": "the other end refuses this node's certificate: it has expired",
        "elsewhere → certificate": "the certificate is for 10.9.9.9, other, not for 127.0.0.2",
        "observer → certificate": "these credentials allow to observe, not to be a node",
        "shouting → certificate": "these credentials allow to observe, not to be a node",
        "certificate → foreign": "the certificate of the other end is refused here",
        "certificate → expired": "the certificate of the other end is refused here",
        "certificate → elsewhere": "it is for another host",
        "certificate → observer": "these credentials allow to observe, not to be a node",
        "secret → certificate": "one end has certificates, and the other a secret",
        "certificate → secret": "one end has certificates, and the other a secret",
        "wrong secret → secret": "the secrets of the two ends differ",
        "none → certificate": "this cluster demands a certificate or its secret",
        "none → secret": "this cluster demands a certificate or its secret",
        "certificate → none": "does it demand other credentials, or none?",
        "secret → none": "does it demand other credentials, or none?",
    ]

    @Test("every combination of two ends is refused with a reason, on both ends, but the right ones")
    func matrix() async throws {
        let folder = try TestFolder()
        let holders = try Self.holders(folder)
        var entered: [String] = []
        for called in holders {
            let ends = try TestEnds()
            let server = try await ends.start(1, called.security)
            for calling in holders {
                let name = "\(calling.name) → \(called.name)"
                let client = try await ends.start(2, calling.security)
                let outcome = try await ends.dial(client, to: server.system.address)
                #expect(outcome.entered == Self.fit(calling.name, called.name), "\(name): \(outcome.reasons)")
                if outcome.entered {
                    entered.append(name)
                } else {
                    #expect(outcome.reasons.first.map(Self.isReason) == true, "\(name): \(outcome.reasons)")
                    if let reason = Self.reasons[name] {
                        #expect(outcome.reasons.first?.contains(reason) == true, "\(name): \(outcome.reasons)")
                    }
                    // Where the calling end refused, the other one learns it a moment later.
                    while server.remoting.isConnected(client.system.address) {
                        try await Task.sleep(for: .milliseconds(2))
                    }
                }
                await withCheckedContinuation { done in client.remoting.shutdown { done.resume() } }
            }
            await ends.end()
        }
        #expect(entered.count == 4)
    }

    /// Whether a text says what is wrong with credentials, in words of ours.
    private static func isReason(_ text: String) -> Bool {
        ["certificate", "secret", "credentials", "TLS"].contains { text.contains($0) }
    }
}
