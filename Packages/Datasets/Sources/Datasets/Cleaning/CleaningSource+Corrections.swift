extension CleaningSource {
    /// `labels-corrected.csv`: a CSV of labels keeps its header, columns, order and rows, with other labels in some
    /// rows or without some; for data of other forms it has the columns `name` and `label`.
    /// - Parameter corrections: of a sample's index the new class; nil drops the sample.
    public func correctedLabels(_ corrections: [Int: Int32?]) -> [UInt8] {
        guard let placed = table else { return listed(corrections) }
        // A class is written as the table itself writes it.
        var texts = samples.classNames.map { Array($0.utf8) }
        let column = placed.table.labelColumn ?? 0
        for (row, sample) in placed.samples.enumerated() {
            texts[Int(samples.labels[sample])] = placed.table.rows[row][column]
        }
        return placed.table.written { row, own in
            switch corrections[placed.samples[row]] {
            case nil: own
            case .some(nil): nil
            case .some(let label?): texts[Int(label)]
            }
        }
    }

    private func listed(_ corrections: [Int: Int32?]) -> [UInt8] {
        var text = Array("name,label\n".utf8)
        for (index, name) in samples.names.enumerated() {
            var label = samples.labels[index]
            if let correction = corrections[index] {
                guard let correction else { continue }
                label = correction
            }
            let className = samples.classNames[Int(label)]
            text += LabelTable.quoted(Array(name.utf8)) + [UInt8(ascii: ",")]
            text += LabelTable.quoted(Array(className.utf8)) + [10]
        }
        return text
    }
}
