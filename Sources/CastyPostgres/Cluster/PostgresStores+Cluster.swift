public import CastyCluster
public import CastyCore
import CastySharding
import Dispatch

extension PostgresStores: ClusterStore {
    /// The cluster that the tables belong to. Blocks until the server has answered, for the time limit at most.
    public func recallCluster(name: String) throws -> ClusterID? {
        try control.call { () throws(EntityStoreError) in try owner(name, by: .after(limit)) }
    }

    /// The highest number of a coordinator that any fencing token has. Blocks as ``recallCluster(name:)``.
    public func highestUpNumber() throws -> Int {
        try control.call { () throws(EntityStoreError) in
            let text = try control.text(Statements(schema: schema.prefix).highestUpNumber, by: .after(limit))
            return text.flatMap { Int($0) } ?? 0
        }
    }

    /// Records that the tables belong to this cluster. Blocks as ``recallCluster(name:)``.
    public func belong(to id: ClusterID, name: String) throws {
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
