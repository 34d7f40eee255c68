import CastyCluster
import CastyCore
import CastySharding
import CastyStoreConformance
import Testing

@testable import CastySQLite

@Suite("The cluster a file belongs to")
struct SQLiteClusterTests {
    private static let first = ClusterID(high: 1, low: 2)
    private static let second = ClusterID(high: 3, low: 4)

    @Test("A folder does what every store must that belongs to a cluster", arguments: ClusterStoreConformance.checks)
    func conformance(check: ClusterStoreConformance.Check) async throws {
        let folder = try Folder()
        let path = folder.path
        #expect(try await check.run { try SQLiteStores(directory: path) } == .passed)
    }

    @Test("A file has an identity from the beginning, the same for all that open it, and another than other files")
    func identity() throws {
        let (folder, other) = (try Folder(), try Folder())
        let identity = try SQLiteStores(directory: folder.path).identity
        #expect(try SQLiteStores(directory: folder.path).identity == identity)
        #expect(try SQLiteStores(directory: other.path).identity != identity)
        #expect(identity.hasPrefix("sqlite ") && identity.utf8.count == 7 + 32)
    }

    @Test("A file belongs to the first cluster that takes it, and refuses another one with both identities")
    func belonging() throws {
        let folder = try Folder()
        let stores = try SQLiteStores(directory: folder.path)
        #expect(try stores.recallCluster(name: "shop") == nil)
        try stores.belong(to: Self.first, name: "shop")
        try stores.belong(to: Self.first, name: "shop")
        let again = try SQLiteStores(directory: folder.path)
        #expect(try again.recallCluster(name: "shop") == Self.first)
        let refused = #expect(throws: EntityStoreError.self) { try again.belong(to: Self.second, name: "shop") }
        let text = refused?.description ?? ""
        #expect(text.contains("\(Self.first)") && text.contains("\(Self.second)"))
    }

    @Test("A file of a cluster of another name is refused with both names")
    func names() throws {
        let folder = try Folder()
        let stores = try SQLiteStores(directory: folder.path)
        try stores.belong(to: Self.first, name: "shop")
        let refused = #expect(throws: EntityStoreError.self) { _ = try stores.recallCluster(name: "stall") }
        let text = refused?.description ?? ""
        #expect(text.contains("shop") && text.contains("stall"))
        #expect(throws: EntityStoreError.self) { try stores.belong(to: Self.first, name: "stall") }
    }

    @Test("A file that an earlier program has made gets an identity when it is opened")
    func earlier() throws {
        let folder = try Folder()
        _ = try SQLiteStores(directory: folder.path)
        try folder.meddle("DROP TABLE meta", in: "casty.sqlite")
        let stores = try SQLiteStores(directory: folder.path)
        #expect(stores.identity.utf8.count == 7 + 32)
    }
}
