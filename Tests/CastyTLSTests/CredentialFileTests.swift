import Casty
import Foundation
import Logging
import Testing

@testable import CastyTLS

@Suite("Files with credentials", .timeLimit(.minutes(10)))
struct CredentialFileTests {
    private static let long = String(repeating: "k", count: 32)

    @Test("a file of one secret is for nodes, lines with words are for what they say")
    func forms() throws {
        let plain = try SharedSecret(text: "# of the shop\n\n  \(Self.long) \n")
        #expect(plain.bytes == [.member: Array(Self.long.utf8)])
        let three = try SharedSecret(text: "member \(Self.long)\noperate \(Self.long)o\nobserve \(Self.long)s")
        #expect(three.bytes.count == 3)
        #expect(three.strongest == .member)
        #expect(try SharedSecret(text: "observe \(Self.long)").strongest == .observe)
    }

    @Test(
        "what is no secret is refused with what is wrong, and without a word of the secret",
        arguments: [
            ("", "no secret"), ("short-secret", "12 bytes"), (String(repeating: "x", count: 257), "257 bytes"),
            ("rule \(long)", "line 1"), ("\(long)\nmember \(long)!", "second secret"),
            ("member \(long)\nobserve \(long)", "another purpose"), ("member a b \(long)", "line 1"),
        ])
    func refused(_ text: String, _ problem: String) throws {
        let error = #expect(throws: SecretError.self) { try SharedSecret(text: text) }
        #expect(error?.message.contains(problem) == true, "\(error?.message ?? "")")
        #expect(error?.message.contains(Self.long) == false)
        #expect("\(try SharedSecret(text: Self.long))".contains(Self.long) == false)
    }

    @Test("a node whose files cannot be used is not made, and says which")
    func files() throws {
        let folder = try TestFolder()
        let authority = try TestAuthority("ours", in: folder.url)
        let (one, other) = (
            try authority.sign("one", names: ["IP:127.0.0.1"]), try authority.sign("other", names: ["IP:127.0.0.1"])
        )
        let empty = try folder.file("empty", "")
        let cases: [(ConnectionSecurity, String)] = [
            (.mutual(certificate: folder.url.path + "/none", key: one.key, trust: authority.trust), "/none"),
            (.mutual(certificate: one.certificate, key: empty, trust: authority.trust), "empty"),
            (.mutual(certificate: one.certificate, key: one.key, trust: empty), "empty"),
            (.mutual(certificate: one.certificate, key: other.key, trust: authority.trust), "other.key"),
            (.sharedSecret(file: folder.url.path + "/none"), "/none"),
            (.sharedSecret(file: try folder.file("short", "short\n")), "short"),
        ]
        for (security, word) in cases {
            let error = #expect(throws: NodeError.self) {
                _ = try CastyNode("shop") {
                    $0.bind = "127.0.0.1:0"
                    $0.tls = security
                }
            }
            #expect(error?.code == .badSetting)
            #expect(error?.message.contains(word) == true, "\(error?.message ?? "")")
        }
    }

    @Test("credentials for less than a node start no node, with a reason")
    func weakerCredentials() throws {
        let folder = try TestFolder()
        let authority = try TestAuthority("ours", in: folder.url)
        let operates = try authority.sign("operator", names: ["IP:127.0.0.1", "URI:casty:operate"])
        for (security, capability) in [
            (
                ConnectionSecurity.mutual(
                    certificate: operates.certificate, key: operates.key, trust: authority.trust), "operate"
            ), (.sharedSecret(try SharedSecret(member: nil, operate: Array(Self.long.utf8))), "operate"),
            (.sharedSecret(try SharedSecret(member: nil, observe: Array(Self.long.utf8))), "observe"),
        ] as [(ConnectionSecurity, String)] {
            let error = #expect(throws: NodeError.self) {
                _ = try CastyNode("shop") {
                    $0.bind = "127.0.0.1:0"
                    $0.tls = security
                }
            }
            #expect(error?.code == .badSetting)
            #expect(
                error?.message.contains("allow to \(capability), not to be a node") == true, "\(error?.message ?? "")")
        }
    }

    @Test("changed files that cannot be used are reported, once for each change, and those before stay in use")
    func brokenRotation() async throws {
        let folder = try TestFolder()
        let authority = try TestAuthority("ours", in: folder.url)
        let signed = try authority.sign("node", names: ["IP:127.0.0.1"])
        let recorder = LogRecorder()
        let files = CertificateFiles(
            certificate: signed.certificate, key: signed.key, trust: authority.trust, checksNames: false,
            log: Logger(label: "test") { _ in recorder })
        try files.load()
        _ = try files.contexts()
        #expect(recorder.lines == [])
        for change in 1...2 {
            _ = try folder.file("broken", String(repeating: "no key", count: change))
            try FileManager.default.removeItem(atPath: signed.key)
            try FileManager.default.copyItem(
                atPath: folder.url.appendingPathComponent("broken").path, toPath: signed.key)
            // The files are looked at after a pause only.
            while recorder.lines.count < change {
                _ = try files.contexts()
                try await Task.sleep(for: .milliseconds(20))
            }
            try await Task.sleep(for: .milliseconds(600))
            _ = try files.contexts()
            #expect(recorder.lines.count == change)
        }
        #expect(recorder.lines.allSatisfy { $0.contains("those before stay in use") && $0.contains(signed.key) })
    }

    @Test("with credentials a node may listen anywhere, without any on this machine only")
    func beyondLoopback() throws {
        let secret = try SharedSecret(text: Self.long)
        let change: (inout NodeSettings, ConnectionSecurity) -> Void = { settings, security in
            settings.bind = "0.0.0.0:0"
            settings.advertise = "shop.internal:25520"
            settings.tls = security
        }
        _ = try CastyNode("shop") { change(&$0, .sharedSecret(secret)) }
        let error = #expect(throws: NodeError.self) { _ = try CastyNode("shop") { change(&$0, .loopbackOnly) } }
        #expect(error?.message.contains(".sharedSecret(file:)") == true, "\(error?.message ?? "")")
    }
}
