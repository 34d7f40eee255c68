import CastySharding
import Testing

@testable import CastyPostgres

@Suite("The client library of PostgreSQL")
struct ClientLibraryTests {
    @Test(
        "Where it is missing or not what it should be, the error says what to install",
        arguments: [
            ("libpq-of-no-machine.so.5", "libpq-of-no-machine.so.5"), ("libm.so.6", "it has no function PQ"),
        ])
    func missing(name: String, words: String) {
        let error = #expect(throws: EntityStoreError.self) { try ClientLibrary.open(name) }
        let message = error?.message ?? ""
        #expect(error?.code == .unavailable)
        #expect(message.contains(words), "\(message)")
        #expect(message.contains("apt-get install libpq5"), "\(message)")
    }

    @Test("After a failure to open another one it is opened, once for all")
    func found() throws {
        #expect(throws: EntityStoreError.self) { try ClientLibrary.open("libpq-of-no-machine.so.5") }
        try ClientLibrary.open()
        try ClientLibrary.open()
        // It reads a string, without a server.
        try ConnectionString.check("postgres://shop@db/shop")
        #expect(throws: EntityStoreError.self) { try ConnectionString.check("postgres://shop@db/shop?colour=red") }
    }
}
