import Casty
import CastyClient
import CastyTLS
import Testing

@Suite("Clients and their credentials", .timeLimit(.minutes(10)))
struct ClientCredentialTests {
    private static func secret(_ word: String) -> [UInt8] { Array("\(word), a secret of the tests".utf8) }

    @Test("who has the secret to operate asks; who has another, or one to observe, is refused at once, with the reason")
    func secrets() async throws {
        let all = try SharedSecret(
            member: Self.secret("m"), operate: Self.secret("o"), observe: Self.secret("s"))
        let cluster = try await CartNodes.start(1) { $0.tls = .sharedSecret(all) }

        func ask(_ security: ConnectionSecurity, within timeout: Duration = .seconds(600)) async throws -> ClientError?
        {
            let client = try CastyClient("shop", nodes: cluster.addresses) { $0.tls = security }
            let error = await failure { () throws(ClientError) in
                let cart = client.entity(carts, "cart-1")
                let _: [String] = try await cart.ask(within: timeout) { .list(replyTo: $0) }
            }
            await client.close()
            return error
        }
        #expect(try await ask(.sharedSecret(try SharedSecret(member: nil, operate: Self.secret("o")))) == nil)
        let wrong = try await ask(.sharedSecret(try SharedSecret(member: nil, operate: Self.secret("x"))))
        #expect(wrong?.code == .notAllowed, "\(wrong as Any)")
        #expect(wrong?.message.contains("the secrets of the two ends differ") == true, "\(wrong as Any)")
        let observes = try await ask(.sharedSecret(try SharedSecret(member: nil, observe: Self.secret("s"))))
        #expect(observes?.code == .notAllowed, "\(observes as Any)")
        #expect(observes?.message.contains("needs the capability operate") == true, "\(observes as Any)")
        let none = try await ask(.insecure, within: .seconds(2))
        #expect(none?.isSurelyUnhandled == true, "\(none as Any)")
        await cluster.stop()
    }
}
