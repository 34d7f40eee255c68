public import CastyCluster
public import CastyCore
import CastySharding
import Dispatch

/// The tables of one schema, as what belongs to a cluster.
struct OwnedTables: Sendable {
    let identity: String
    let schema: Schema
    let control: PostgresLane
    let limit: Duration

    func recallCluster(name: String) throws -> ClusterID? {
        try control.call { () throws(EntityStoreError) in try owner(name, by: .after(limit)) }
    }

    func highestUpNumber() throws -> Int {
        try control.call { () throws(EntityStoreError) in
            let text = try control.text(Statements(schema: schema.prefix).highestUpNumber, by: .after(limit))
            return text.flatMap { Int($0) } ?? 0
        }
    }

    func belong(to id: ClusterID, name: String) throws {
        try control.call { () throws(EntityStoreError) in
            let deadline = DispatchTime.after(limit)
            let insert =
                "INSERT INTO \(schema.prefix)meta (key, value) VALUES ($1::text, $2::text) ON CONFLICT DO NOTHING"
            do throws(PostgresError) {
                // Of two clusters that come at once, the first has both rows: the second waits for its commit.
                try control.run(
                    [
                        Statement(insert, [.text(Schema.Key.cluster.rawValue), .text("\(id)")]),
                        Statement(
                            """
                            INSERT INTO \(schema.prefix)meta (key, value) SELECT $1::text, $2::text
                            WHERE EXISTS (SELECT FROM \(schema.prefix)meta WHERE key = $3::text AND value = $4::text)
                            ON CONFLICT DO NOTHING
                            """,
                            [
                                .text(Schema.Key.name.rawValue), .text(name), .text(Schema.Key.cluster.rawValue),
                                .text("\(id)"),
                            ]),
                    ], by: deadline)
            } catch {
                throw error.storeError(isChange: true)
            }
            guard let owner = try owner(name, by: deadline), owner != id else { return }
            throw EntityStoreError(
                .unavailable,
                "the tables in schema \(schema.name) belong to cluster \(owner) of \(name), and this node is in cluster \(id): they must not write into the same tables"
            )
        }
    }

    private func owner(_ name: String, by deadline: DispatchTime) throws(EntityStoreError) -> ClusterID? {
        guard let text = try control.text(schema.value(of: .cluster), by: deadline) else { return nil }
        let known = try control.text(schema.value(of: .name), by: deadline) ?? ""
        guard let id = ClusterID(text) else {
            throw EntityStoreError(.corrupt, "schema \(schema.name) does not say to which cluster it belongs")
        }
        guard known == name else {
            throw EntityStoreError(
                .unavailable,
                "the tables in schema \(schema.name) belong to cluster \(known) (\(id)), and this node is of cluster \(name): give each cluster a schema or a database of its own"
            )
        }
        return id
    }
}

extension PostgresStores: ClusterStore {
    /// `postgres` and the random identity that the tables got when they were created: the same for all nodes that share
    /// them.
    public var identity: String { tables.identity }

    /// The cluster that the tables belong to. Blocks until the server has answered, for the time limit at most.
    public func recallCluster(name: String) throws -> ClusterID? { try tables.recallCluster(name: name) }

    /// The highest number of a coordinator that any fencing token has. Blocks as ``recallCluster(name:)``.
    public func highestUpNumber() throws -> Int { try tables.highestUpNumber() }

    /// Records that the tables belong to this cluster. Blocks as ``recallCluster(name:)``.
    public func belong(to id: ClusterID, name: String) throws { try tables.belong(to: id, name: name) }
}

/// Entities must not be stored where the settings of the node do not name the store.
extension PostgresEntityStore: ClusterStore {
    /// That of ``PostgresStores/identity``.
    public var identity: String { tables.identity }

    /// The cluster that the tables belong to. Blocks until the server has answered, for the time limit at most.
    public func recallCluster(name: String) throws -> ClusterID? { try tables.recallCluster(name: name) }

    /// The highest number of a coordinator that any fencing token has. Blocks as ``recallCluster(name:)``.
    public func highestUpNumber() throws -> Int { try tables.highestUpNumber() }

    /// Records that the tables belong to this cluster. Blocks as ``recallCluster(name:)``.
    public func belong(to id: ClusterID, name: String) throws { try tables.belong(to: id, name: name) }
}
