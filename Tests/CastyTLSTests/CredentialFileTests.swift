import Casty
import Foundation
import Testing

@testable import CastyTLS

@Suite("Files with credentials", .timeLimit(.minutes(5)))
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
