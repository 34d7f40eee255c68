/// Computed by an independent implementation of FNV-1a.
enum GoldenShards {
    static let expected = [22, 12, 1, 18]
}
