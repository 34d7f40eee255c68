import CastyCore
import CastySharding
import Foundation
import Testing

@testable import CastyPostgres

@Suite("TLS to a PostgreSQL server", .enabled(if: Server.isThere, Server.absence), .timeLimit(.minutes(10)))
struct PostgresEncryptionTests {
    private static func replaced(_ target: String, _ what: String, _ with: String) throws -> String {
        try #require(target.contains(what), "\(what) is in the connection string")
        return target.replacingOccurrences(of: what, with: with)
    }

    private static func password(_ target: String) throws -> String {
        let end = try #require(target.firstIndex(of: "@"))
        let start = try #require(target[..<end].lastIndex(of: ":"))
        return String(target[target.index(after: start)..<end])
    }

    @Test(
        "A server with a certificate of the named authority is used; others are refused in words, without the password")
    func authority() async throws {
        let server = try Server.start(isEncrypted: true)
        let password = try Self.password(server.target)
        let stores = try PostgresStores(server.target)
        try await stores.entities.save(bytes("1"), for: key("t-1"), fence: fence())
        #expect(try await stores.entities.load(key("t-1"), fence: fence()) == bytes("1"))
        let sessions = try server.psql(
            "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'casty'")
        #expect(sessions == "t")
        #expect(!stores.identity.contains(password))

        let wrong: [(target: String, words: String)] = [
            (try Self.replaced(server.target, "/ca.crt", "/other.crt"), "certificate verify failed"),
            (try Self.replaced(server.target, "/ca.crt", "/none.crt"), "none.crt\" does not exist"),
            // The certificate is for the address and for `localhost`, and 127.0.0.2 is neither.
            (try Self.replaced(server.target, "@127.0.0.1:", "@wrong.host:") + "&hostaddr=127.0.0.1", "wrong.host"),
            (try Self.replaced(server.target, password, "pw-wrong"), "password authentication failed"),
            (try Self.replaced(server.target, "verify-full", "disable"), "no encryption"),
        ]
        for (target, words) in wrong {
            let error = #expect(throws: EntityStoreError.self) { try PostgresStores(target) }
            let message = error?.description ?? ""
            #expect(error?.code == .unavailable)
            #expect(message.contains(words), "\(message)")
            #expect(!message.contains(password) && !message.contains("pw-wrong"), "\(message)")
        }
    }

    @Test(
        "A connection string that cannot be read is refused without the password in it",
        arguments: [
            "postgres://shop:s%zecret@db/shop", "postgres://shop:secret@[::1/shop",
            "postgres://shop:secret@db/shop?colour=red",
            "postgres://shop:secret@[::1]x/shop", "host=db password=secret colour=red", "host=db password='secret",
            "postgres://db/shop?password=secret&x=y", "postgres://db/shop?password=s%zecret",
        ])
    func unreadable(target: String) {
        let error = #expect(throws: EntityStoreError.self) { try PostgresStores(target) }
        let message = error?.description ?? ""
        #expect(message.contains("connection string"), "\(message)")
        #expect(!message.contains("secret") && !message.contains("s%zecret"), "\(message)")
    }
}
