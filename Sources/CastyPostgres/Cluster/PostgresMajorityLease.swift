public import CastyCluster
import CastyCore
public import CastyMembership
import CastySharding
import Dispatch

/// The lease of the downing strategy `leaseMajority` as a row in PostgreSQL, for nodes on many machines.
///
/// ```swift
/// let stores = try PostgresStores("postgres://shop@db.internal/shop")
/// config.downing = .leaseMajority()
/// config.majorityLease = PostgresMajorityLease(stores)
/// ```
///
/// The server must be reached by at least one side of a split: put it beside neither. A change replaces the row only if
/// it is as it was read, so no lock is held between the two, and a node that hangs in between keeps no other from the
/// lease. Times are those of the server's clock, and of the moment of reading: what is granted ends no earlier than the
/// owner believes, because it counts from its request.
public final class PostgresMajorityLease: MajorityLease {
    private let lane: PostgresLane
    private let table: String
    private let name: String
    private let limit: Duration

    /// Creates a lease; its row is created with the first claim.
    ///
    /// - Parameters:
    ///   - stores: The stores of the cluster, in whose schema the row is.
    ///   - name: Tells leases of one schema apart.
    ///   - limit: How long a request may take, with the time to open a connection again.
    public init(_ stores: PostgresStores, name: String = "majority", limit: Duration = .seconds(1)) {
        lane = PostgresLane(stores.target, label: "casty.postgres.lease")
        table = stores.tables.schema.prefix + "lease"
        self.name = name
        self.limit = limit
    }

    /// Requests the lease, or renews it.
    public func acquire(_ claim: LeaseClaim, answer: @escaping @Sendable (Result<Bool, LeaseError>) -> Void) {
        let deadline = DispatchTime.after(limit)
        lane.begin {
            let bad = ([claim.owner] + claim.losers).first { !LeaseRecord.isName($0) }
            if let bad { return answer(.failure(LeaseError(.badName, "'\(bad)' cannot be written into a lease"))) }
            answer(self.change(by: deadline) { $0.claim(claim, at: $1) })
        }
    }

    /// Releases the lease. Where that fails, the lease expires by itself.
    public func release(owner: String) {
        let deadline = DispatchTime.after(limit)
        lane.begin { _ = self.change(by: deadline) { record, _ in record.release(owner) } }
    }

    /// Undoes the last claim that the owner was granted.
    public func withdraw(owner: String) {
        let deadline = DispatchTime.after(limit)
        lane.begin { _ = self.change(by: deadline) { record, _ in record.withdraw(owner) } }
    }

    private func change<Answer>(
        by deadline: DispatchTime, _ edit: (inout LeaseRecord, Instant) -> Answer
    ) -> Result<Answer, LeaseError> {
        do throws(PostgresError) {
            while true {
                let (text, now) = try read(by: deadline)
                guard var record = text.map({ LeaseRecord(text: $0) }) ?? LeaseRecord() else {
                    return .failure(LeaseError(.malformed, "the lease \(name) is none; nothing is written over it"))
                }
                let before = record
                let answer = edit(&record, now)
                if record == before { return .success(answer) }
                // Another node may have changed the row meanwhile; then all begins anew.
                if try replace(text, by: record.text, deadline) { return .success(answer) }
                guard DispatchTime.now() < deadline else {
                    return .failure(LeaseError(.busy, "other nodes change the lease \(name) all the time"))
                }
            }
        } catch {
            return .failure(LeaseError(.unavailable, error.message))
        }
    }

    /// The text of the row, if there is one, and the server's time.
    private func read(by deadline: DispatchTime) throws(PostgresError) -> (text: String?, now: Instant) {
        let rows = try lane.run(
            [
                Statement(
                    """
                    SELECT (SELECT record FROM \(table) WHERE name = $1::text),
                        trunc(extract(epoch FROM clock_timestamp()) * 1000000)::bigint::text
                    """, [.text(name)])
            ], by: deadline)[0]
        guard let microseconds: Int64 = rows.number(1) else {
            throw PostgresError(kind: .broken, message: "the server does not say what time it is")
        }
        return (rows.text(0), Instant(nanoseconds: microseconds * 1000))
    }

    private func replace(_ old: String?, by new: String, _ deadline: DispatchTime) throws(PostgresError) -> Bool {
        let statement =
            if let old {
                Statement(
                    """
                    UPDATE \(table) SET record = $3::text WHERE name = $1::text AND record IN ($2::text, $3::text)
                    RETURNING 'changed'
                    """, [.text(name), .text(old), .text(new)])
            } else {
                Statement(
                    """
                    INSERT INTO \(table) AS known (name, record) VALUES ($1::text, $2::text)
                    ON CONFLICT (name) DO UPDATE SET record = $2::text WHERE known.record = $2::text
                    RETURNING 'changed'
                    """, [.text(name), .text(new)])
            }
        return try !lane.run([statement], by: deadline)[0].isEmpty
    }
}
