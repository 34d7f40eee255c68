import ArgumentParser
import Casty
import CastyCluster
import CastyPostgres
import CastySQLite
import CastySharding
import Foundation

/// The value of `--store`: where the nodes of a cluster keep the state of their entities.
enum StoreOption: ExpressibleByArgument, Hashable {
    /// Files in a folder, for nodes of one machine.
    case sqlite(String)
    /// A database, for nodes of many machines.
    case postgres(String)

    static let forms = "postgres://USER@HOST/DATABASE or sqlite:FOLDER"

    init?(argument: String) {
        if argument.hasPrefix("postgres://") || argument.hasPrefix("postgresql://") {
            self = .postgres(argument)
        } else if argument.hasPrefix("sqlite:"), argument.utf8.count > 7 {
            self = .sqlite(String(argument.dropFirst(7)))
        } else {
            return nil
        }
    }

    /// The bytes of its files; `nil` where it has none here.
    var size: Int? {
        guard case .sqlite(let folder) = self,
            let names = try? FileManager.default.contentsOfDirectory(atPath: folder)
        else { return nil }
        return names.reduce(0) { sum, name in
            let attributes = try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
            return sum + ((attributes?[.size] as? NSNumber)?.intValue ?? 0)
        }
    }

    /// The stores of a node.
    struct Opened {
        let cluster: any ClusterStore
        let entities: any EntityStore
        let remembered: any RememberedEntityStore
        /// A lease beside the stores, if they can hold one.
        let lease: (any MajorityLease)?
    }

    /// Opens the stores.
    ///
    /// - Parameter limit: How long a call may take.
    func open(limit: Duration) throws(EntityStoreError) -> Opened {
        switch self {
        case .sqlite(let folder):
            let stores = try SQLiteStores(directory: folder)
            return Opened(cluster: stores, entities: stores.entities, remembered: stores.remembered, lease: nil)
        case .postgres(let target):
            let stores = try PostgresStores(target, limit: limit)
            return Opened(
                cluster: stores, entities: stores.entities, remembered: stores.remembered,
                lease: PostgresMajorityLease(stores, limit: limit))
        }
    }
}
