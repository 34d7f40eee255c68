import CastyCore

extension PhiHistory {
    /// The curves as they were at a time, as far as a console draws them.
    func upTo(_ time: Instant) -> PhiHistory {
        let end = min(bucket, time.nanoseconds / Self.step)
        var past = PhiHistory()
        past.bucket = end
        past.series = series.compactMapValues { entry in
            let surplus = max(0, entry.last - end)
            guard surplus < Int64(entry.values.count), entry.last > end - Int64(Self.kept) else { return nil }
            return Series(
                values: Array(entry.values.dropLast(Int(surplus)).suffix(Self.kept)), last: min(entry.last, end))
        }
        return past
    }

    /// Consecutive values of some curves.
    struct Piece: Hashable, Sendable, Codable {
        struct Curve: Hashable, Sendable, Codable {
            var observer: String
            var subject: String
            /// The bucket of the last value.
            var last: Int64
            var values: [Float]
        }

        var bucket: Int64
        var curves: [Curve]
    }

    /// The values after a bucket, by observer and subject.
    func piece(after former: Int64) -> Piece {
        let curves = series.compactMap { pair, entry -> Piece.Curve? in
            let count = min(entry.last - former, Int64(entry.values.count))
            guard count > 0 else { return nil }
            return Piece.Curve(
                observer: pair.observer, subject: pair.subject, last: entry.last,
                values: Array(entry.values.suffix(Int(count))))
        }
        return Piece(
            bucket: bucket, curves: curves.sorted { ($0.observer, $0.subject) < ($1.observer, $1.subject) })
    }

    /// Adds values that follow those that are known.
    mutating func append(_ piece: Piece) {
        bucket = max(bucket, piece.bucket)
        for curve in piece.curves {
            let pair = Pair(observer: curve.observer, subject: curve.subject)
            let first = curve.last - Int64(curve.values.count) + 1
            for (offset, value) in curve.values.enumerated() { note(value, for: pair, in: first + Int64(offset)) }
        }
    }
}
