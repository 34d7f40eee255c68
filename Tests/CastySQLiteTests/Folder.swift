import CastyCore
import CastySharding
import Foundation
import GRDB

@testable import CastySQLite

/// A folder that is gone when the test is over.
final class Folder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "casty-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String = "casty.sqlite") -> String { path + "/" + name }

    /// Changes a file behind the store's back.
    func meddle(_ sql: String, in name: String = "writer-1.sqlite") throws {
        var configuration = Configuration()
        // A store that was let go may still close its files.
        configuration.busyMode = .timeout(10)
        try DatabaseQueue(path: file(name), configuration: configuration).writeWithoutTransaction {
            try $0.execute(sql: sql)
        }
    }
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// The token and the keys of the tests that are not about tokens.
let fence = ShardFence(cluster: ClusterID(high: 1, low: 1), upNumber: 1, start: 1, sequence: 1)

func key(_ id: String, type: String = "account") -> EntityKey { EntityKey(type: type, id: id, shards: 1) }
