<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de">
<context>
    <name>Duration</name>
    <message>
        <source>%1 s</source>
        <translation>%1 s</translation>
    </message>
    <message>
        <source>%1 min %2 s</source>
        <translation>%1 min %2 s</translation>
    </message>
    <message>
        <source>%1 h %2 min</source>
        <translation>%1 h %2 min</translation>
    </message>
</context>
<context>
    <name>EvaluationTexts</name>
    <message>
        <source>Right person first</source>
        <translation>Richtige Person zuerst</translation>
    </message>
    <message>
        <source>Nobody right in the gallery</source>
        <translation>Niemand Richtiges in der Galerie</translation>
    </message>
    <message>
        <source>Perhaps the same person twice</source>
        <translation>Vielleicht zweimal dieselbe Person</translation>
    </message>
    <message>
        <source>Caption cut off</source>
        <translation>Beschreibung abgeschnitten</translation>
    </message>
    <message>
        <source>Colour of a part disagrees</source>
        <translation>Farbe eines Teils stimmt nicht überein</translation>
    </message>
    <message>
        <source>Part not found or hidden</source>
        <translation>Teil nicht gefunden oder verdeckt</translation>
    </message>
    <message>
        <source>Another person fits as well</source>
        <translation>Eine andere Person passt ebenso gut</translation>
    </message>
    <message>
        <source>Caption says too little</source>
        <translation>Beschreibung sagt zu wenig</translation>
    </message>
    <message>
        <source>The model prefers another</source>
        <translation>Das Modell zieht eine andere vor</translation>
    </message>
    <message>
        <source>Not decidable</source>
        <translation>Nicht entscheidbar</translation>
    </message>
    <message>
        <source>The right person came first.</source>
        <translation>Die richtige Person kam zuerst.</translation>
    </message>
    <message>
        <source>No picture of the gallery shows this identity; the query counts in no mean.</source>
        <translation>Kein Bild der Galerie zeigt diese Identität; die Anfrage zählt in keinem Mittelwert.</translation>
    </message>
    <message>
        <source>A picture above is the same file, nearly the same picture, or carries the same caption, but another identity.</source>
        <translation>Ein Bild weiter oben ist dieselbe Datei, fast dasselbe Bild oder trägt dieselbe Beschreibung, hat aber eine andere Identität.</translation>
    </message>
    <message>
        <source>The caption has more tokens than the model reads.</source>
        <translation>Die Beschreibung hat mehr Token, als das Modell liest.</translation>
    </message>
    <message>
        <source>The caption gives a part another colour than what is known of the right picture.</source>
        <translation>Die Beschreibung gibt einem Teil eine andere Farbe, als vom richtigen Bild bekannt ist.</translation>
    </message>
    <message>
        <source>The caption names a part that was not found on the right picture.</source>
        <translation>Die Beschreibung nennt einen Teil, der auf dem richtigen Bild nicht gefunden wurde.</translation>
    </message>
    <message>
        <source>A picture above meets all parts that the caption names.</source>
        <translation>Ein Bild weiter oben erfüllt alle Teile, die die Beschreibung nennt.</translation>
    </message>
    <message>
        <source>The caption names fewer than two parts of a person.</source>
        <translation>Die Beschreibung nennt weniger als zwei Teile einer Person.</translation>
    </message>
    <message>
        <source>The words fit the right picture and contradict the one that came first.</source>
        <translation>Die Wörter passen zum richtigen Bild und widersprechen dem, das zuerst kam.</translation>
    </message>
    <message>
        <source>Too little is known about the pictures. Segment them and write phrases, then evaluate again.</source>
        <translation>Über die Bilder ist zu wenig bekannt. Segmentieren Sie sie, schreiben Sie Phrasen, und werten Sie dann erneut aus.</translation>
    </message>
    <message>
        <source>All misses</source>
        <translation>Alle Fehltreffer</translation>
    </message>
    <message>
        <source>Rank</source>
        <translation>Rang</translation>
    </message>
    <message>
        <source>Description</source>
        <translation>Beschreibung</translation>
    </message>
    <message>
        <source>Cause</source>
        <translation>Ursache</translation>
    </message>
    <message>
        <source>How often the list to read through doubled: from rank 1 to 4 is +2.</source>
        <translation>Wie oft sich die durchzusehende Liste verdoppelt hat: von Rang 1 auf 4 ist +2.</translation>
    </message>
    <message>
        <source>Rank A</source>
        <translation>Rang A</translation>
    </message>
    <message>
        <source>Rank B</source>
        <translation>Rang B</translation>
    </message>
    <message>
        <source>Damage</source>
        <translation>Schaden</translation>
    </message>
</context>
<context>
    <name>PartGroup</name>
    <message>
        <source>Hat</source>
        <translation>Hut</translation>
    </message>
    <message>
        <source>Hair and face</source>
        <translation>Haare und Gesicht</translation>
    </message>
    <message>
        <source>Glasses and face</source>
        <translation>Brille und Gesicht</translation>
    </message>
    <message>
        <source>Upper clothes</source>
        <translation>Oberbekleidung</translation>
    </message>
    <message>
        <source>Skirt</source>
        <translation>Rock</translation>
    </message>
    <message>
        <source>Pants</source>
        <translation>Hose</translation>
    </message>
    <message>
        <source>Dress</source>
        <translation>Kleid</translation>
    </message>
    <message>
        <source>Shoes and legs</source>
        <translation>Schuhe und Beine</translation>
    </message>
    <message>
        <source>Bag</source>
        <translation>Tasche</translation>
    </message>
</context>
<context>
    <name>PromptLab</name>
    <message>
        <source>There is no model that writes phrases in “%1”. Train one, or import one with “sapsam models import”.</source>
        <translation>In „%1“ liegt kein Modell, das Phrasen schreibt. Trainieren Sie eines, oder importieren Sie eines mit „sapsam models import“.</translation>
    </message>
    <message>
        <source>%1 · %2</source>
        <translation>%1 · %2</translation>
    </message>
    <message>
        <source>Text only</source>
        <translation>Nur Text</translation>
    </message>
    <message>
        <source>Mask</source>
        <translation>Maske</translation>
    </message>
    <message>
        <source>Box</source>
        <translation>Rahmen</translation>
    </message>
    <message>
        <source>Edge points</source>
        <translation>Punkte</translation>
    </message>
    <message>
        <source>Filter</source>
        <translation>Filter</translation>
    </message>
    <message>
        <source>A brace has no partner, so the prompt cannot be filled in. Write {part}, or {{ and }} for braces that stay.</source>
        <translation>Eine Klammer hat kein Gegenstück, daher kann der Prompt nicht ausgefüllt werden. Schreiben Sie {part}, oder {{ und }} für Klammern, die stehen bleiben.</translation>
    </message>
    <message>
        <source>Nothing is known to put for {%1}. The only placeholder is {part}.</source>
        <translation>Für {%1} ist nichts zum Einsetzen bekannt. Der einzige Platzhalter ist {part}.</translation>
    </message>
    <message>
        <source>The prompt does not say which part it asks about, so the model describes whatever it sees first. Put {part} or the part’s name in.</source>
        <translation>Der Prompt sagt nicht, nach welchem Teil er fragt; das Modell beschreibt also, was es zuerst sieht. Setzen Sie {part} oder den Namen des Teils ein.</translation>
    </message>
    <message>
        <source>It asks about “%1”, which belongs to another part. Put {part} in its place.</source>
        <translation>Er fragt nach „%1“, das zu einem anderen Teil gehört. Setzen Sie {part} an seine Stelle.</translation>
    </message>
    <message>
        <source>%1 tokens, but the model has room for %2 beside picture and answer. Shorten it, or allow fewer new tokens.</source>
        <translation>%1 Token, aber das Modell hat neben Bild und Antwort nur Platz für %2. Kürzen Sie ihn, oder erlauben Sie weniger neue Token.</translation>
    </message>
    <message>
        <source>“%1” supposes a man or a woman, and the model answers accordingly. Ask about the person or the part.</source>
        <translation>„%1“ setzt einen Mann oder eine Frau voraus, und das Modell antwortet entsprechend. Fragen Sie nach der Person oder dem Teil.</translation>
    </message>
    <message>
        <source>There is no question: the model goes on with the sentence as it likes.</source>
        <translation>Es gibt keine Frage: Das Modell führt den Satz fort, wie es mag.</translation>
    </message>
    <message>
        <source>Nothing begins the answer, so the model may repeat the prompt. End with “Answer: It is”.</source>
        <translation>Nichts leitet die Antwort ein, daher wiederholt das Modell womöglich den Prompt. Enden Sie mit „Answer: It is“.</translation>
    </message>
    <message>
        <source>The space at the end changes how the next word is cut into tokens.</source>
        <translation>Das Leerzeichen am Ende ändert, wie das nächste Wort in Token zerlegt wird.</translation>
    </message>
    <message>
        <source>empty</source>
        <translation>leer</translation>
    </message>
    <message>
        <source>contradicts</source>
        <translation>widerspricht</translation>
    </message>
    <message>
        <source>other part</source>
        <translation>anderer Teil</translation>
    </message>
    <message>
        <source>echo</source>
        <translation>Echo</translation>
    </message>
    <message>
        <source>loop</source>
        <translation>Schleife</translation>
    </message>
    <message>
        <source>plain</source>
        <translation>nichtssagend</translation>
    </message>
    <message>
        <source>The model wrote nothing.</source>
        <translation>Das Modell hat nichts geschrieben.</translation>
    </message>
    <message>
        <source>It says %1, but the region is %2.</source>
        <translation>Es sagt %1, aber der Bereich ist %2.</translation>
    </message>
    <message>
        <source>“%1” belongs to another part.</source>
        <translation>„%1“ gehört zu einem anderen Teil.</translation>
    </message>
    <message>
        <source>It repeats the prompt, or asks in its turn.</source>
        <translation>Es wiederholt den Prompt oder fragt zurück.</translation>
    </message>
    <message>
        <source>It says the same words again.</source>
        <translation>Es sagt dieselben Wörter noch einmal.</translation>
    </message>
    <message>
        <source>It names the part and says nothing about it.</source>
        <translation>Es nennt den Teil und sagt nichts über ihn.</translation>
    </message>
</context>
<context>
    <name>ProtocolBadge</name>
    <message>
        <source>Test split</source>
        <translation>Test-Split</translation>
    </message>
    <message>
        <source>Measured on the split that nothing may be chosen on.</source>
        <translation>Gemessen auf dem Split, auf dem nichts gewählt werden darf.</translation>
    </message>
    <message>
        <source>Validation split</source>
        <translation>Validierungs-Split</translation>
    </message>
    <message>
        <source>Checkpoints and settings are chosen on this split: its numbers are a little too good.</source>
        <translation>Auf diesem Split werden Checkpoints und Einstellungen gewählt: Seine Zahlen sind etwas zu gut.</translation>
    </message>
    <message>
        <source>Training split</source>
        <translation>Trainings-Split</translation>
    </message>
    <message>
        <source>Measured on pictures that models are trained with; this says nothing about other people.</source>
        <translation>Gemessen auf Bildern, mit denen Modelle trainiert werden; das sagt nichts über andere Menschen.</translation>
    </message>
    <message>
        <source>All splits together</source>
        <translation>Alle Splits zusammen</translation>
    </message>
    <message>
        <source>Pictures of the train and val splits are among the queries and in the gallery. Choose the test split for numbers to report.</source>
        <translation>Unter den Anfragen und in der Galerie sind Bilder der Splits train und val. Wählen Sie den Test-Split für Zahlen, die Sie angeben.</translation>
    </message>
    <message>
        <source>Identity leak</source>
        <translation>Personen in mehreren Splits</translation>
    </message>
    <message>
        <source>Persons of this split that are in another split, too: %1. The model may have seen them.</source>
        <translation>Personen dieses Splits, die auch in einem anderen vorkommen: %1. Das Modell kann sie gesehen haben.</translation>
    </message>
    <message>
        <source>Picture leak</source>
        <translation>Bilder in mehreren Splits</translation>
    </message>
    <message>
        <source>Picture files of this split that are in another split, too, byte for byte: %1.</source>
        <translation>Bilddateien dieses Splits, die Byte für Byte auch in einem anderen vorkommen: %1.</translation>
    </message>
    <message>
        <source>No leak between splits</source>
        <translation>Splits sauber getrennt</translation>
    </message>
    <message>
        <source>No person and no file of this split occurs in another split.</source>
        <translation>Keine Person und keine Datei dieses Splits kommt in einem anderen vor.</translation>
    </message>
    <message>
        <source>Captions were edited</source>
        <translation>Beschreibungen wurden geändert</translation>
    </message>
    <message>
        <source>Captions of this project were changed by hand (steps in its history: %1): the queries are not those that were published.</source>
        <translation>Beschreibungen dieses Projekts wurden von Hand geändert (Schritte im Verlauf: %1): Die Anfragen sind nicht die veröffentlichten.</translation>
    </message>
    <message>
        <source>The data set has faults</source>
        <translation>Der Datensatz hat Fehler</translation>
    </message>
    <message>
        <source>Things that are wrong with the data set: %1, such as: %2. `sapsam dataset doctor` lists them all.</source>
        <translation>Was an dem Datensatz nicht stimmt: %1, zum Beispiel: %2. `sapsam dataset doctor` zeigt alles.</translation>
    </message>
    <message>
        <source>Drawn people</source>
        <translation>Gezeichnete Menschen</translation>
    </message>
    <message>
        <source>Measured on people of the project&apos;s own generator that training never draws. No published number is for them.</source>
        <translation>Gemessen auf Menschen des eigenen Generators, die das Training nie zeichnet. Keine veröffentlichte Zahl gilt für sie.</translation>
    </message>
    <message>
        <source>Stored features</source>
        <translation>Gespeicherte Merkmale</translation>
    </message>
    <message>
        <source>Ranked by the project&apos;s features, which are rounded to half precision.</source>
        <translation>Geordnet nach den Merkmalen des Projekts, die auf halbe Genauigkeit gerundet sind.</translation>
    </message>
    <message>
        <source>Choice of the checkpoint unknown</source>
        <translation>Wahl des Checkpoints unbekannt</translation>
    </message>
    <message>
        <source>No run lies beside this model, so it is not known on which split its checkpoint was chosen.</source>
        <translation>Neben diesem Modell liegt kein Lauf, daher ist nicht bekannt, auf welchem Split sein Checkpoint gewählt wurde.</translation>
    </message>
    <message>
        <source>Chosen on test</source>
        <translation>Auf Test gewählt</translation>
    </message>
    <message>
        <source>The run %2 kept the checkpoint that was best on the test split. Numbers on that split are too good and cannot be compared with honestly chosen ones.</source>
        <translation>Der Lauf %2 behielt den Checkpoint, der auf dem Test-Split am besten war. Zahlen auf diesem Split sind zu gut und nicht mit ehrlich gewählten zu vergleichen.</translation>
    </message>
    <message>
        <source>Chosen on val</source>
        <translation>Auf Val gewählt</translation>
    </message>
    <message>
        <source>The run %2 never looked at the test split to choose its checkpoint.</source>
        <translation>Der Lauf %2 hat für die Wahl seines Checkpoints nie auf den Test-Split gesehen.</translation>
    </message>
    <message>
        <source>Trained on these pictures</source>
        <translation>Auf diesen Bildern trainiert</translation>
    </message>
    <message>
        <source>The run %2 was trained on exactly this split.</source>
        <translation>Der Lauf %2 wurde auf genau diesem Split trainiert.</translation>
    </message>
    <message>
        <source>Own picture stays in the gallery</source>
        <translation>Das eigene Bild bleibt in der Galerie</translation>
    </message>
    <message>
        <source>As in the published protocol, all captions are queries, all pictures are the gallery, and the picture a caption was written for is among them.</source>
        <translation>Wie im veröffentlichten Protokoll sind alle Beschreibungen Anfragen und alle Bilder die Galerie; das Bild, zu dem eine Beschreibung geschrieben wurde, ist darunter.</translation>
    </message>
    <message>
        <source>Few people</source>
        <translation>Wenige Menschen</translation>
    </message>
    <message>
        <source>Persons that are asked for: only %1. Look at the intervals, not at the digits.</source>
        <translation>Gesuchte Personen: nur %1. Achten Sie auf die Intervalle, nicht auf die Ziffern.</translation>
    </message>
    <message>
        <source>Captions cut off</source>
        <translation>Beschreibungen abgeschnitten</translation>
    </message>
    <message>
        <source>Captions that are longer than the %2 tokens that the model reads: %1.</source>
        <translation>Beschreibungen, die länger sind als die %2 Token, die das Modell liest: %1.</translation>
    </message>
    <message>
        <source>Queries without an answer</source>
        <translation>Anfragen ohne Antwort</translation>
    </message>
    <message>
        <source>Queries that have no right picture in the gallery, and count in no mean: %1.</source>
        <translation>Anfragen, für die kein richtiges Bild in der Galerie ist und die in keinem Mittel zählen: %1.</translation>
    </message>
    <message>
        <source>Pictures left out</source>
        <translation>Bilder ausgelassen</translation>
    </message>
    <message>
        <source>Pictures that could not be used: %1, such as: %2</source>
        <translation>Bilder, die nicht zu gebrauchen waren: %1, zum Beispiel: %2</translation>
    </message>
    <message>
        <source>Parts drawn by people</source>
        <translation>Von Menschen gezeichnete Teile</translation>
    </message>
    <message>
        <source>Only the parts that somebody drew or corrected are measured. Where a model&apos;s mask was corrected, its own mistakes may have been overlooked.</source>
        <translation>Gemessen werden nur Teile, die jemand gezeichnet oder verbessert hat. Wo die Maske eines Modells verbessert wurde, können dessen Fehler übersehen worden sein.</translation>
    </message>
    <message>
        <source>Generic phrases</source>
        <translation>Allgemeine Phrasen</translation>
    </message>
    <message>
        <source>Each part is asked for by its plain name; the published number uses a phrase written for the picture.</source>
        <translation>Nach jedem Teil wird mit seinem einfachen Namen gefragt; die veröffentlichte Zahl benutzt eine für das Bild geschriebene Phrase.</translation>
    </message>
    <message>
        <source>Stopped half-way</source>
        <translation>Auf halbem Weg beendet</translation>
    </message>
    <message>
        <source>The measurement was cancelled: only a part of the pictures or of the queries was used.</source>
        <translation>Die Messung wurde abgebrochen: Nur ein Teil der Bilder oder der Anfragen wurde benutzt.</translation>
    </message>
</context>
<context>
    <name>Runs</name>
    <message>
        <source>starting</source>
        <translation>startet</translation>
    </message>
    <message>
        <source>queued, place %1</source>
        <translation>in der Warteschlange, Platz %1</translation>
    </message>
    <message>
        <source>waiting</source>
        <translation>wartet</translation>
    </message>
    <message>
        <source>running</source>
        <translation>läuft</translation>
    </message>
    <message>
        <source>saving</source>
        <translation>speichert</translation>
    </message>
    <message>
        <source>done</source>
        <translation>fertig</translation>
    </message>
    <message>
        <source>stopped</source>
        <translation>angehalten</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>gescheitert</translation>
    </message>
    <message>
        <source>lost</source>
        <translation>verloren</translation>
    </message>
    <message>
        <source>not there</source>
        <translation>nicht da</translation>
    </message>
    <message>
        <source>%1 %2</source>
        <translation>%1 %2</translation>
    </message>
    <message>
        <source>step %1</source>
        <translation>Schritt %1</translation>
    </message>
    <message>
        <source>step %1 of %2</source>
        <translation>Schritt %1 von %2</translation>
    </message>
    <message>
        <source>epoch %1</source>
        <translation>Epoche %1</translation>
    </message>
    <message>
        <source>%1 left</source>
        <translation>noch %1</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::ActionRegistry</name>
    <message>
        <source>%1 (%2)</source>
        <translation>%1 (%2)</translation>
    </message>
    <message>
        <source>This is not a file of keys: “sapsam-keys” and “keys” are missing. Export the present keys to see what such a file looks like.</source>
        <translation>Das ist keine Datei mit Tasten: „sapsam-keys“ und „keys“ fehlen. Exportieren Sie die jetzigen Tasten, um zu sehen, wie eine solche Datei aussieht.</translation>
    </message>
    <message>
        <source>“%1”: its keys must be a list.</source>
        <translation>„%1“: Seine Tasten müssen eine Liste sein.</translation>
    </message>
    <message>
        <source>“%1”: “%2” is not a key.</source>
        <translation>„%1“: „%2“ ist keine Taste.</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::CalibrationDialog</name>
    <message>
        <source>%1 words and more</source>
        <translation>%1 Wörter und mehr</translation>
    </message>
    <message>
        <source>%1 to %2 words</source>
        <translation>%1 bis %2 Wörter</translation>
    </message>
    <message>
        <source>What a score is worth</source>
        <translation>Was eine Bewertung wert ist</translation>
    </message>
    <message>
        <source>Calibrations by the length of the description</source>
        <translation>Kalibrierungen nach der Länge der Beschreibung</translation>
    </message>
    <message>
        <source>Description</source>
        <translation>Beschreibung</translation>
    </message>
    <message>
        <source>Error, %</source>
        <translation>Fehler, %</translation>
    </message>
    <message>
        <source>Pairs</source>
        <translation>Paare</translation>
    </message>
    <message>
        <source>Expected calibration error: the mean difference between what was said and what was, over all pairs of a description and a picture</source>
        <translation>Erwarteter Kalibrierungsfehler: der mittlere Unterschied zwischen Gesagtem und Wirklichem über alle Paare aus Beschreibung und Bild</translation>
    </message>
    <message>
        <source>The same over the pairs of which a chance of 10 % and more was said: nearly all other pairs are hopeless, and easily said to be so</source>
        <translation>Dasselbe über die Paare, denen eine Chance von 10 % und mehr gegeben wurde: Fast alle anderen sind hoffnungslos, und das ist leicht zu sagen</translation>
    </message>
    <message>
        <source>Measured, none of them used for fitting</source>
        <translation>Gemessen; keines davon wurde zum Anpassen benutzt</translation>
    </message>
    <message>
        <source>an unknown set</source>
        <translation>unbekannten Daten</translation>
    </message>
    <message>
        <source>%1: the larger a dot, the more pairs; on the dashed line the calibration is right, below it too hopeful.</source>
        <translation>%1: Je größer ein Punkt, desto mehr Paare; auf der gestrichelten Linie stimmt die Kalibrierung, darunter ist sie zu hoffnungsvoll.</translation>
    </message>
    <message>
        <source>The line “probably no match” stands where a hit has an even chance to be a match: at these scores where as much matches as in %1, which they were fitted on; lower where the scores of a search tell that more of the gallery does.</source>
        <translation>Die Linie „wahrscheinlich kein Treffer“ steht, wo ein Treffer ebenso wahrscheinlich stimmt wie nicht: bei diesen Werten, wo so viel zutrifft wie in %1, woran sie angepasst wurden; tiefer, wo die Werte einer Suche sagen, dass mehr der Galerie zutrifft.</translation>
    </message>
    <message>
        <source>Even at</source>
        <translation>Gleichauf bei</translation>
    </message>
    <message>
        <source>Of likely, %</source>
        <translation>Der wahrsch., %</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::CellPanel</name>
    <message>
        <source>Choose a cell to see its region and what the model is shown.</source>
        <translation>Wählen Sie eine Zelle, um ihren Bereich zu sehen und was dem Modell gezeigt wird.</translation>
    </message>
    <message>
        <source>The picture with the region</source>
        <translation>Das Bild mit dem Bereich</translation>
    </message>
    <message>
        <source>Exactly what the model sees</source>
        <translation>Genau das, was das Modell sieht</translation>
    </message>
    <message>
        <source>Open the picture</source>
        <translation>Bild öffnen</translation>
    </message>
    <message>
        <source>source</source>
        <translation>Quelle</translation>
    </message>
    <message>
        <source>FIVE VISUAL PROMPTS</source>
        <translation>FÜNF VISUELLE PROMPTS</translation>
    </message>
    <message>
        <source>THIS CELL</source>
        <translation>DIESE ZELLE</translation>
    </message>
    <message>
        <source>Not tried yet</source>
        <translation>Noch nicht probiert</translation>
    </message>
    <message>
        <source>This cell failed</source>
        <translation>Diese Zelle ist gescheitert</translation>
    </message>
    <message>
        <source>Nothing can be held against it.</source>
        <translation>Nichts spricht dagegen.</translation>
    </message>
    <message>
        <source>the region is mostly %1</source>
        <translation>der Bereich ist überwiegend %1</translation>
    </message>
    <message>
        <source>Prompt: %1</source>
        <translation>Prompt: %1</translation>
    </message>
    <message>
        <source>(no words)</source>
        <translation>(keine Wörter)</translation>
    </message>
    <message>
        <source>Shown as: %1</source>
        <translation>Gezeigt als: %1</translation>
    </message>
    <message>
        <source>Model: %1</source>
        <translation>Modell: %1</translation>
    </message>
    <message>
        <source>%1 tokens in %2 ms</source>
        <translation>%1 Token in %2 ms</translation>
    </message>
    <message>
        <source>Region %1 of picture %2</source>
        <translation>Bereich %1 von Bild %2</translation>
    </message>
    <message>
        <source>Exactly what the model sees: %1 × %2 pixels, squashed to %3 × %4</source>
        <translation>Genau das, was das Modell sieht: %1 × %2 Pixel, gestaucht auf %3 × %4</translation>
    </message>
    <message>
        <source>model’s input, %1 × %2</source>
        <translation>Eingabe des Modells, %1 × %2</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::CheatSheetDialog</name>
    <message>
        <source>Keys</source>
        <translation>Tasten</translation>
    </message>
    <message>
        <source>Filter</source>
        <translation>Filter</translation>
    </message>
    <message>
        <source>Filter the keys</source>
        <translation>Tasten filtern</translation>
    </message>
    <message>
        <source> or </source>
        <translation> oder </translation>
    </message>
    <message>
        <source>Print…</source>
        <translation>Drucken…</translation>
    </message>
    <message>
        <source>Save as PDF…</source>
        <translation>Als PDF speichern…</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <source>Keys of the SAP-SAM Workbench</source>
        <translation>Tasten der SAP-SAM Workbench</translation>
    </message>
    <message>
        <source>Save the keys as PDF</source>
        <translation>Tasten als PDF speichern</translation>
    </message>
    <message>
        <source>PDF files (*.pdf)</source>
        <translation>PDF-Dateien (*.pdf)</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::CheckModel</name>
    <message>
        <source>Picture %1</source>
        <translation>Bild %1</translation>
    </message>
    <message>
        <source>Mended</source>
        <translation>In Ordnung</translation>
    </message>
    <message numerus="yes">
        <source>%n more</source>
        <translation>
            <numerusform>%n weiteres</numerusform>
            <numerusform>%n weitere</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>sapsam::ui::ChecksPanel</name>
    <message>
        <source>Masks of another size</source>
        <translation>Masken anderer Größe</translation>
    </message>
    <message>
        <source>Person without a part</source>
        <translation>Person ohne Teil</translation>
    </message>
    <message>
        <source>Overlaps</source>
        <translation>Überlappungen</translation>
    </message>
    <message>
        <source>Holes</source>
        <translation>Löcher</translation>
    </message>
    <message>
        <source>Small pieces</source>
        <translation>Kleine Stücke</translation>
    </message>
    <message>
        <source>Left and right</source>
        <translation>Links und rechts</translation>
    </message>
    <message>
        <source>Order of the body</source>
        <translation>Ordnung des Körpers</translation>
    </message>
    <message>
        <source>Half of a pair</source>
        <translation>Halbes Paar</translation>
    </message>
    <message>
        <source>%1: made for a picture of another size</source>
        <translation>%1: für ein Bild anderer Größe gemacht</translation>
    </message>
    <message>
        <source>%1 pixels of the person in no part</source>
        <translation>%1 Pixel der Person in keinem Teil</translation>
    </message>
    <message>
        <source>%1 pixels of the person in no part (%2)</source>
        <translation>%1 Pixel der Person in keinem Teil (%2)</translation>
    </message>
    <message>
        <source>%1 and %2 overlap: %3 pixels</source>
        <translation>%1 und %2 überlappen: %3 Pixel</translation>
    </message>
    <message>
        <source>%1: a hole</source>
        <translation>%1: ein Loch</translation>
    </message>
    <message numerus="yes">
        <source>%1: %n holes</source>
        <translation>
            <numerusform>%1: %n Loch</numerusform>
            <numerusform>%1: %n Löcher</numerusform>
        </translation>
    </message>
    <message>
        <source>%1: a small piece apart</source>
        <translation>%1: ein kleines Stück abseits</translation>
    </message>
    <message numerus="yes">
        <source>%1: %n small pieces apart</source>
        <translation>
            <numerusform>%1: %n kleines Stück abseits</numerusform>
            <numerusform>%1: %n kleine Stücke abseits</numerusform>
        </translation>
    </message>
    <message>
        <source>%1 and %2 may be swapped</source>
        <translation>%1 und %2 könnten vertauscht sein</translation>
    </message>
    <message>
        <source>%1 lies below %2</source>
        <translation>%1 liegt unter %2</translation>
    </message>
    <message>
        <source>%1 is missing, %2 is there</source>
        <translation>%1 fehlt, %2 ist da</translation>
    </message>
    <message>
        <source>Check all pictures</source>
        <translation>Alle Bilder prüfen</translation>
    </message>
    <message>
        <source>Check again</source>
        <translation>Erneut prüfen</translation>
    </message>
    <message>
        <source>Show them in the gallery</source>
        <translation>In der Galerie zeigen</translation>
    </message>
    <message>
        <source>PART CHECKS</source>
        <translation>PRÜFUNG DER TEILE</translation>
    </message>
    <message>
        <source>Which findings</source>
        <translation>Welche Befunde</translation>
    </message>
    <message>
        <source>All findings</source>
        <translation>Alle Befunde</translation>
    </message>
    <message>
        <source>Pictures with something to mend, the worst first</source>
        <translation>Bilder, an denen etwas zu verbessern ist, die schlimmsten zuerst</translation>
    </message>
    <message>
        <source>Check the parts</source>
        <translation>Teile prüfen</translation>
    </message>
    <message>
        <source>Looking at the masks of all pictures…</source>
        <translation>Die Masken aller Bilder werden angesehen…</translation>
    </message>
    <message>
        <source>Finds gaps, overlaps, holes, crumbs and swapped sides, and lists the pictures with the most to mend first.</source>
        <translation>Findet Lücken, Überlappungen, Löcher, Krümel und vertauschte Seiten und nennt die Bilder zuerst, an denen am meisten zu verbessern ist.</translation>
    </message>
    <message>
        <source>Nothing is left to mend.</source>
        <translation>Es ist nichts mehr zu verbessern.</translation>
    </message>
    <message>
        <source>One picture to mend</source>
        <translation>Ein Bild zu verbessern</translation>
    </message>
    <message numerus="yes">
        <source>%n pictures to mend, the worst first</source>
        <translation>
            <numerusform>%n Bild zu verbessern</numerusform>
            <numerusform>%n Bilder zu verbessern, die schlimmsten zuerst</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>sapsam::ui::ClassChip</name>
    <message>
        <source>%1, class %2</source>
        <translation>%1, Klasse %2</translation>
    </message>
    <message>
        <source>the trigger rule asks for this one</source>
        <translation>die Auslöseregel fragt nach dieser</translation>
    </message>
    <message>
        <source>another group has it, too</source>
        <translation>eine andere Gruppe hat sie auch</translation>
    </message>
    <message>
        <source>Drag it to another group; Delete takes it out</source>
        <translation>In eine andere Gruppe ziehen; Entf nimmt sie heraus</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::ClassDelegate</name>
    <message>
        <source>no group</source>
        <translation>keine</translation>
    </message>
    <message>
        <source>%1 groups</source>
        <translation>%1 Gruppen</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::ClassModel</name>
    <message>
        <source>Class %1, %2</source>
        <translation>Klasse %1, %2</translation>
    </message>
    <message numerus="yes">
        <source>in %n pictures</source>
        <translation>
            <numerusform>in %n Bild</numerusform>
            <numerusform>in %n Bildern</numerusform>
        </translation>
    </message>
    <message>
        <source>in no group: its pixels are left out</source>
        <translation>in keiner Gruppe: Ihre Pixel bleiben außen vor</translation>
    </message>
    <message>
        <source>in %1</source>
        <translation>in %1</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::CmcChart</name>
    <message>
        <source>CMC curve</source>
        <translation>CMC-Kurve</translation>
    </message>
    <message>
        <source>%1 % of the queries have a right picture at rank 1, %2 % among the first %3.</source>
        <translation>%1 % der Anfragen haben ein richtiges Bild auf Rang 1, %2 % unter den ersten %3.</translation>
    </message>
    <message>
        <source>Rank %1: %2 % (%3 – %4)</source>
        <translation>Rang %1: %2 % (%3 – %4)</translation>
    </message>
    <message>
        <source>Rank k</source>
        <translation>Rang k</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::CommandModel</name>
    <message>
        <source>%1, %2</source>
        <translation>%1, %2</translation>
    </message>
    <message>
        <source> or </source>
        <translation> oder </translation>
    </message>
</context>
<context>
    <name>sapsam::ui::CommandPalette</name>
    <message>
        <source>All actions</source>
        <translation>Alle Aktionen</translation>
    </message>
    <message>
        <source>What do you want to do?</source>
        <translation>Was möchten Sie tun?</translation>
    </message>
    <message>
        <source>Name of an action</source>
        <translation>Name einer Aktion</translation>
    </message>
    <message>
        <source>Actions</source>
        <translation>Aktionen</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::ComparePane</name>
    <message>
        <source>Parts and phrases</source>
        <translation>Teile und Phrasen</translation>
    </message>
    <message>
        <source>Identity %1</source>
        <translation>Identität %1</translation>
    </message>
    <message>
        <source>Not rated</source>
        <translation>Nicht bewertet</translation>
    </message>
    <message>
        <source>Not reviewed</source>
        <translation>Nicht geprüft</translation>
    </message>
    <message>
        <source>Accepted</source>
        <translation>Angenommen</translation>
    </message>
    <message>
        <source>Rejected</source>
        <translation>Abgelehnt</translation>
    </message>
    <message>
        <source>Unsure</source>
        <translation>Unsicher</translation>
    </message>
    <message>
        <source>No tag</source>
        <translation>Kein Schlagwort</translation>
    </message>
    <message>
        <source>No parts yet: segment the pictures first</source>
        <translation>Noch keine Teile: segmentieren Sie die Bilder zuerst</translation>
    </message>
    <message>
        <source>%1, score %2</source>
        <translation>%1, Wert %2</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::CompareView</name>
    <message>
        <source>Back to the gallery</source>
        <translation>Zurück zur Galerie</translation>
    </message>
    <message>
        <source>Move and zoom together</source>
        <translation>Gemeinsam bewegen und zoomen</translation>
    </message>
    <message>
        <source>Masks</source>
        <translation>Masken</translation>
    </message>
    <message>
        <source>Whole pictures</source>
        <translation>Ganze Bilder</translation>
    </message>
    <message>
        <source>Zoom in</source>
        <translation>Vergrößern</translation>
    </message>
    <message>
        <source>Zoom out</source>
        <translation>Verkleinern</translation>
    </message>
    <message>
        <source>Opacity of the masks</source>
        <translation>Deckkraft der Masken</translation>
    </message>
    <message>
        <source>%1 pictures side by side</source>
        <translation>%1 Bilder nebeneinander</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::CurvePlot</name>
    <message>
        <source>Curve: %1</source>
        <translation>Kurve: %1</translation>
    </message>
    <message>
        <source>%1 %2</source>
        <translation>%1 %2</translation>
    </message>
    <message>
        <source>step %1: %2</source>
        <translation>Schritt %1: %2</translation>
    </message>
    <message>
        <source>%1  %2</source>
        <translation>%1  %2</translation>
    </message>
    <message>
        <source>step %1</source>
        <translation>Schritt %1</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::DeviceChip</name>
    <message>
        <source>Looking for devices…</source>
        <translation>Geräte werden gesucht…</translation>
    </message>
    <message>
        <source>Device of the engine</source>
        <translation>Gerät der Engine</translation>
    </message>
    <message>
        <source>CPU</source>
        <translation>CPU</translation>
    </message>
    <message>
        <source>threads: %1</source>
        <translation>Threads: %1</translation>
    </message>
    <message>
        <source>No GPU: %1</source>
        <translation>Keine GPU: %1</translation>
    </message>
    <message>
        <source>libtorch %1, %2</source>
        <translation>libtorch %1, %2</translation>
    </message>
    <message>
        <source>Device of the engine: %1</source>
        <translation>Gerät der Engine: %1</translation>
    </message>
    <message>
        <source>No device</source>
        <translation>Kein Gerät</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::ErrorDialog</name>
    <message>
        <source>Something went wrong</source>
        <translation>Etwas ist schiefgegangen</translation>
    </message>
    <message>
        <source>“%1” could not be done</source>
        <translation>„%1“ konnte nicht ausgeführt werden</translation>
    </message>
    <message>
        <source>Details</source>
        <translation>Einzelheiten</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>Kopieren</translation>
    </message>
    <message>
        <source>Change what was entered and try again.</source>
        <translation>Ändern Sie die Eingabe und versuchen Sie es noch einmal.</translation>
    </message>
    <message>
        <source>Check that the file or folder is still where it was.</source>
        <translation>Prüfen Sie, ob die Datei oder der Ordner noch da ist, wo sie waren.</translation>
    </message>
    <message>
        <source>Check that the disk is connected and that you may read and write there, then try again. What was stored before is safe.</source>
        <translation>Prüfen Sie, ob der Datenträger angeschlossen ist und Sie dort lesen und schreiben dürfen, und versuchen Sie es noch einmal. Was vorher gespeichert war, ist sicher.</translation>
    </message>
    <message>
        <source>The file is damaged. Restore it from a backup, or remove it and make it again. “sapsam doctor” checks a whole project.</source>
        <translation>Die Datei ist beschädigt. Holen Sie sie aus einer Sicherung zurück, oder löschen Sie sie und erzeugen Sie sie neu. „sapsam doctor“ prüft ein ganzes Projekt.</translation>
    </message>
    <message>
        <source>This program cannot use that kind of file. Convert it and try again.</source>
        <translation>Mit dieser Art von Datei kann das Programm nichts anfangen. Wandeln Sie sie um und versuchen Sie es noch einmal.</translation>
    </message>
    <message>
        <source>Two things do not belong together. Run the step again with the present model.</source>
        <translation>Zwei Dinge gehören nicht zusammen. Führen Sie den Schritt mit dem jetzigen Modell noch einmal aus.</translation>
    </message>
    <message>
        <source>Close other programs or choose a smaller model, then run the step again: it goes on where it stopped.</source>
        <translation>Schließen Sie andere Programme oder wählen Sie ein kleineres Modell, und führen Sie den Schritt noch einmal aus: Er macht weiter, wo er aufgehört hat.</translation>
    </message>
    <message>
        <source>Free some space on the disk, then run the step again: it goes on where it stopped.</source>
        <translation>Schaffen Sie Platz auf dem Datenträger, und führen Sie den Schritt noch einmal aus: Er macht weiter, wo er aufgehört hat.</translation>
    </message>
    <message>
        <source>Another program works on this project. Wait for it or close it, then try again.</source>
        <translation>Ein anderes Programm arbeitet an diesem Projekt. Warten Sie darauf oder schließen Sie es, und versuchen Sie es noch einmal.</translation>
    </message>
    <message>
        <source>This is a mistake of the program. Copy the details into a report; your project is as it was before.</source>
        <translation>Das ist ein Fehler des Programms. Kopieren Sie die Einzelheiten in einen Bericht; Ihr Projekt ist, wie es vorher war.</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::EvaluateDialog</name>
    <message>
        <source>Use the stored features of the project (faster, rounded)</source>
        <translation>Gespeicherte Merkmale des Projekts verwenden (schneller, gerundet)</translation>
    </message>
    <message>
        <source>Evaluate</source>
        <translation>Auswerten</translation>
    </message>
    <message>
        <source>Evaluate a model</source>
        <translation>Ein Modell auswerten</translation>
    </message>
    <message>
        <source>Retrieval: find a person by a description</source>
        <translation>Suche: eine Person nach einer Beschreibung finden</translation>
    </message>
    <message>
        <source>Parsing: masks of the parts</source>
        <translation>Segmentierung: Masken der Teile</translation>
    </message>
    <message>
        <source>This project</source>
        <translation>Dieses Projekt</translation>
    </message>
    <message>
        <source>A data set folder</source>
        <translation>Ein Datensatzordner</translation>
    </message>
    <message>
        <source>Drawn people that no training sees</source>
        <translation>Gezeichnete Personen, die kein Training sieht</translation>
    </message>
    <message>
        <source>More resamples make the ends of the intervals steadier.</source>
        <translation>Mehr Stichproben machen die Enden der Intervalle stabiler.</translation>
    </message>
    <message>
        <source>What to evaluate</source>
        <translation>Was auswerten</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <source>Data</source>
        <translation>Daten</translation>
    </message>
    <message>
        <source>Split</source>
        <translation>Teilmenge</translation>
    </message>
    <message>
        <source>Folder of the data set</source>
        <translation>Ordner des Datensatzes</translation>
    </message>
    <message>
        <source>Number of drawn people</source>
        <translation>Anzahl gezeichneter Personen</translation>
    </message>
    <message>
        <source>Seed of the drawn people</source>
        <translation>Startwert der gezeichneten Personen</translation>
    </message>
    <message>
        <source>Resamples</source>
        <translation>Stichproben</translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation>Wählen…</translation>
    </message>
    <message>
        <source>On</source>
        <translation>Auf</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>Ordner</translation>
    </message>
    <message>
        <source>People</source>
        <translation>Personen</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>Startwert</translation>
    </message>
    <message>
        <source>All captions of the data are asked, all its pictures are the gallery. It runs as a job beside your work.</source>
        <translation>Alle Beschreibungen der Daten werden gefragt, alle ihre Bilder sind die Galerie. Es läuft als Auftrag neben Ihrer Arbeit.</translation>
    </message>
    <message>
        <source>shipped</source>
        <translation>mitgeliefert</translation>
    </message>
    <message>
        <source>imported</source>
        <translation>importiert</translation>
    </message>
    <message>
        <source>All together</source>
        <translation>Alle zusammen</translation>
    </message>
    <message>
        <source>There is no model of this kind. Train one, or import one on the training page.</source>
        <translation>Es gibt kein Modell dieser Art. Trainieren Sie eines, oder importieren Sie eines auf der Trainingsseite.</translation>
    </message>
    <message>
        <source>No picture of this project has both a caption and an identity, so there is nothing to ask and nobody can say what is right. Import a data set that has them, or choose other data.</source>
        <translation>Kein Bild dieses Projekts hat sowohl eine Beschreibung als auch eine Identität; es gibt also nichts zu fragen, und niemand kann sagen, was richtig ist. Importieren Sie einen Datensatz, der beides hat, oder wählen Sie andere Daten.</translation>
    </message>
    <message>
        <source>Nobody has drawn or corrected a part in this project, so there is nothing to measure masks against. Correct some in the viewer, or choose other data.</source>
        <translation>Niemand hat in diesem Projekt einen Teil gezeichnet oder verbessert; es gibt also nichts, woran Masken gemessen werden könnten. Verbessern Sie einige im Betrachter, oder wählen Sie andere Daten.</translation>
    </message>
    <message>
        <source>Choose the folder of a data set.</source>
        <translation>Wählen Sie den Ordner eines Datensatzes.</translation>
    </message>
    <message>
        <source>There is no such folder.</source>
        <translation>Diesen Ordner gibt es nicht.</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::EvaluationPage</name>
    <message>
        <source>Evaluate…</source>
        <translation>Auswerten…</translation>
    </message>
    <message>
        <source>Export…</source>
        <translation>Exportieren…</translation>
    </message>
    <message>
        <source>Evaluations</source>
        <translation>Auswertungen</translation>
    </message>
    <message>
        <source>Views of the evaluation</source>
        <translation>Ansichten der Auswertung</translation>
    </message>
    <message>
        <source>Summary</source>
        <translation>Übersicht</translation>
    </message>
    <message>
        <source>Per part</source>
        <translation>Je Teil</translation>
    </message>
    <message>
        <source>Failures</source>
        <translation>Fehler</translation>
    </message>
    <message>
        <source>Two models</source>
        <translation>Zwei Modelle</translation>
    </message>
    <message>
        <source>Protocol</source>
        <translation>Protokoll</translation>
    </message>
    <message>
        <source>Queries answered within the first k pictures, in percent</source>
        <translation>Anfragen, die unter den ersten k Bildern beantwortet sind, in Prozent</translation>
    </message>
    <message>
        <source>The paper&apos;s numbers beside these</source>
        <translation>Die Zahlen der Veröffentlichung neben diesen</translation>
    </message>
    <message>
        <source>This evaluation is about retrieval</source>
        <translation>Diese Auswertung betrifft die Suche</translation>
    </message>
    <message>
        <source>IoU of the parts and their confusions are measured by an evaluation of parsing.</source>
        <translation>Die IoU der Teile und ihre Verwechslungen misst eine Auswertung der Segmentierung.</translation>
    </message>
    <message>
        <source>Evaluate parsing…</source>
        <translation>Segmentierung auswerten…</translation>
    </message>
    <message>
        <source>Solid bar: mean over single pictures, with the lowest and highest. Pale bar: all pixels in one matrix.</source>
        <translation>Voller Balken: Mittel über einzelne Bilder, mit dem niedrigsten und höchsten. Blasser Balken: alle Pixel in einer Matrix.</translation>
    </message>
    <message>
        <source>Intersection over union of each part, in percent</source>
        <translation>Schnitt durch Vereinigung (IoU) jedes Teils, in Prozent</translation>
    </message>
    <message>
        <source>Where the pixels of each part went, in percent of the part</source>
        <translation>Wohin die Pixel jedes Teils gingen, in Prozent des Teils</translation>
    </message>
    <message>
        <source>Rows: truth. Columns: found. Point at a cell to read it.</source>
        <translation>Zeilen: Wahrheit. Spalten: Gefundenes. Zeigen Sie auf eine Zelle, um sie zu lesen.</translation>
    </message>
    <message>
        <source>Worst samples</source>
        <translation>Schlechteste Beispiele</translation>
    </message>
    <message>
        <source>No misses to explain</source>
        <translation>Keine Fehltreffer zu erklären</translation>
    </message>
    <message>
        <source>Misses are explained for evaluations of retrieval.</source>
        <translation>Fehltreffer werden bei Auswertungen der Suche erklärt.</translation>
    </message>
    <message>
        <source>Causes of misses</source>
        <translation>Ursachen der Fehltreffer</translation>
    </message>
    <message>
        <source>What counts as a miss</source>
        <translation>Was als Fehltreffer zählt</translation>
    </message>
    <message>
        <source>Right person beyond rank %1</source>
        <translation>Richtige Person jenseits von Rang %1</translation>
    </message>
    <message>
        <source>Missed queries</source>
        <translation>Verfehlte Anfragen</translation>
    </message>
    <message>
        <source>Run this query</source>
        <translation>Diese Anfrage ausführen</translation>
    </message>
    <message>
        <source>Ranks the whole gallery of the project by this description</source>
        <translation>Ordnet die ganze Galerie des Projekts nach dieser Beschreibung</translation>
    </message>
    <message>
        <source>Evaluation A</source>
        <translation>Auswertung A</translation>
    </message>
    <message>
        <source>Evaluation B</source>
        <translation>Auswertung B</translation>
    </message>
    <message>
        <source>A</source>
        <translation>A</translation>
    </message>
    <message>
        <source>B</source>
        <translation>B</translation>
    </message>
    <message>
        <source>Metrics of both</source>
        <translation>Kennzahlen beider</translation>
    </message>
    <message>
        <source>Queries by how often their list doubled</source>
        <translation>Anfragen danach, wie oft sich ihre Liste verdoppelt hat</translation>
    </message>
    <message>
        <source>Queries by damage</source>
        <translation>Anfragen nach Schaden</translation>
    </message>
    <message>
        <source>What B broke comes first; double-click runs the query</source>
        <translation>Was B verdorben hat, steht zuerst; ein Doppelklick führt die Anfrage aus</translation>
    </message>
    <message>
        <source>Evaluation</source>
        <translation>Auswertung</translation>
    </message>
    <message>
        <source>Measures a model on this project, a data set or drawn people</source>
        <translation>Misst ein Modell an diesem Projekt, einem Datensatz oder gezeichneten Personen</translation>
    </message>
    <message>
        <source>Open a report file…</source>
        <translation>Berichtsdatei öffnen…</translation>
    </message>
    <message>
        <source>Shows a report that was written by the command line or exported elsewhere</source>
        <translation>Zeigt einen Bericht, den die Befehlszeile geschrieben hat oder der anderswo exportiert wurde</translation>
    </message>
    <message>
        <source>Export the report…</source>
        <translation>Bericht exportieren…</translation>
    </message>
    <message>
        <source>Writes the evaluation as a page, a table or JSON</source>
        <translation>Schreibt die Auswertung als Seite, Tabelle oder JSON</translation>
    </message>
    <message>
        <source>Remove the evaluation…</source>
        <translation>Auswertung entfernen…</translation>
    </message>
    <message>
        <source>Takes the evaluation out of the project</source>
        <translation>Nimmt die Auswertung aus dem Projekt</translation>
    </message>
    <message>
        <source>Next view</source>
        <translation>Nächste Ansicht</translation>
    </message>
    <message>
        <source>Previous view</source>
        <translation>Vorherige Ansicht</translation>
    </message>
    <message>
        <source>Evaluate parsing</source>
        <translation>Segmentierung auswerten</translation>
    </message>
    <message>
        <source>Evaluate retrieval</source>
        <translation>Suche auswerten</translation>
    </message>
    <message>
        <source>The evaluation could not be kept in the project: %1</source>
        <translation>Die Auswertung konnte nicht im Projekt behalten werden: %1</translation>
    </message>
    <message>
        <source>The evaluation was cancelled; nothing was kept.</source>
        <translation>Die Auswertung wurde abgebrochen; nichts wurde behalten.</translation>
    </message>
    <message>
        <source>Open a report</source>
        <translation>Bericht öffnen</translation>
    </message>
    <message>
        <source>Evaluations (*.json);;All files (*)</source>
        <translation>Auswertungen (*.json);;Alle Dateien (*)</translation>
    </message>
    <message>
        <source>Export the report</source>
        <translation>Bericht exportieren</translation>
    </message>
    <message>
        <source>Page (*.html);;Table (*.csv);;Everything (*.json)</source>
        <translation>Seite (*.html);;Tabelle (*.csv);;Alles (*.json)</translation>
    </message>
    <message>
        <source>The report could not be written</source>
        <translation>Der Bericht konnte nicht geschrieben werden</translation>
    </message>
    <message>
        <source>Remove the evaluation</source>
        <translation>Auswertung entfernen</translation>
    </message>
    <message>
        <source>Remove “%1” from the project?</source>
        <translation>„%1“ aus dem Projekt entfernen?</translation>
    </message>
    <message>
        <source>It cannot be brought back, but it can be measured again.</source>
        <translation>Sie kann nicht zurückgeholt, aber erneut gemessen werden.</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>Entfernen</translation>
    </message>
    <message>
        <source>Nothing measured yet</source>
        <translation>Noch nichts gemessen</translation>
    </message>
    <message>
        <source>Measure how well a model finds people by their descriptions, and see why it misses some. Captions and identities of the project say what is right.</source>
        <translation>Messen Sie, wie gut ein Modell Personen nach ihren Beschreibungen findet, und sehen Sie, warum es manche verfehlt. Beschreibungen und Identitäten des Projekts sagen, was richtig ist.</translation>
    </message>
    <message>
        <source>%1 queries, %2 pictures, %3 people · model %4 · %5</source>
        <translation>%1 Anfragen, %2 Bilder, %3 Personen · Modell %4 · %5</translation>
    </message>
    <message>
        <source>%1 pictures · model %2 · %3</source>
        <translation>%1 Bilder · Modell %2 · %3</translation>
    </message>
    <message>
        <source>%1 – %2</source>
        <translation>%1 – %2</translation>
    </message>
    <message>
        <source>percent</source>
        <translation>Prozent</translation>
    </message>
    <message>
        <source>%1 percent. With other people of this kind it would lie between %2 and %3 in %4 of 100 cases: %5 resamples over %6.</source>
        <translation>%1 Prozent. Mit anderen Personen dieser Art läge der Wert in %4 von 100 Fällen zwischen %2 und %3: %5 Stichproben über %6.</translation>
    </message>
    <message>
        <source>identities</source>
        <translation>Identitäten</translation>
    </message>
    <message>
        <source>pictures</source>
        <translation>Bilder</translation>
    </message>
    <message>
        <source>%1 percent over all pixels of all pictures.</source>
        <translation>%1 Prozent über alle Pixel aller Bilder.</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <source>Measured on</source>
        <translation>Gemessen an</translation>
    </message>
    <message>
        <source>%1 (here)</source>
        <translation>%1 (hier)</translation>
    </message>
    <message>
        <source>Background</source>
        <translation>Hintergrund</translation>
    </message>
    <message>
        <source>IoU %1</source>
        <translation>IoU %1</translation>
    </message>
    <message>
        <source>No query stands beyond this rank.</source>
        <translation>Keine Anfrage steht jenseits dieses Rangs.</translation>
    </message>
    <message>
        <source>Rule: %1</source>
        <translation>Regel: %1</translation>
    </message>
    <message>
        <source>Rule: %1 Also holds: %2.</source>
        <translation>Regel: %1 Es gilt auch: %2.</translation>
    </message>
    <message>
        <source>person %1</source>
        <translation>Person %1</translation>
    </message>
    <message>
        <source>Two evaluations of retrieval on the same data are needed. Evaluate another model, or the same one after a change.</source>
        <translation>Gebraucht werden zwei Auswertungen der Suche auf denselben Daten. Werten Sie ein anderes Modell aus, oder dasselbe nach einer Änderung.</translation>
    </message>
    <message>
        <source>Choose two different evaluations.</source>
        <translation>Wählen Sie zwei verschiedene Auswertungen.</translation>
    </message>
    <message>
        <source>Both are the same model. </source>
        <translation>Beide sind dasselbe Modell. </translation>
    </message>
    <message>
        <source>B ranks the right person higher for %1, lower for %2, and the same for %3 queries. First place: won %4, lost %5.</source>
        <translation>B setzt die richtige Person bei %1 Anfragen höher, bei %2 tiefer und bei %3 gleich. Erster Platz: %4 gewonnen, %5 verloren.</translation>
    </message>
    <message>
        <source>Metric</source>
        <translation>Kennzahl</translation>
    </message>
    <message>
        <source>B − A</source>
        <translation>B − A</translation>
    </message>
    <message>
        <source>Interval of B − A</source>
        <translation>Intervall von B − A</translation>
    </message>
    <message>
        <source>%1 to %2</source>
        <translation>%1 bis %2</translation>
    </message>
    <message>
        <source>Good</source>
        <translation>Gut</translation>
    </message>
    <message>
        <source>Note</source>
        <translation>Hinweis</translation>
    </message>
    <message>
        <source>Warning</source>
        <translation>Warnung</translation>
    </message>
    <message>
        <source>Problem</source>
        <translation>Problem</translation>
    </message>
    <message>
        <source>Intervals: %1 resamples over %2, seed %3. Measured by version %4.</source>
        <translation>Intervalle: %1 Stichproben über %2, Startwert %3. Gemessen mit Version %4.</translation>
    </message>
    <message>
        <source>right: %1</source>
        <translation>richtig: %1</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::ExplanationPanel</name>
    <message>
        <source>not “%1”</source>
        <translation>nicht „%1“</translation>
    </message>
    <message>
        <source>like %1</source>
        <translation>wie %1</translation>
    </message>
    <message>
        <source>what you judged</source>
        <translation>was Sie beurteilt haben</translation>
    </message>
    <message>
        <source>the rest of the query</source>
        <translation>der Rest der Anfrage</translation>
    </message>
    <message>
        <source>“%1”</source>
        <translation>„%1“</translation>
    </message>
    <message>
        <source>What each piece of the query did to the score</source>
        <translation>Was jedes Stück der Anfrage zum Wert beigetragen hat</translation>
    </message>
    <message>
        <source>Why this match</source>
        <translation>Warum dieser Treffer</translation>
    </message>
    <message>
        <source>Select a person to see what each part did to the score.</source>
        <translation>Wählen Sie eine Person, um zu sehen, was jeder Teil zum Wert beigetragen hat.</translation>
    </message>
    <message>
        <source>%1, contribution %2</source>
        <translation>%1, Beitrag %2</translation>
    </message>
    <message>
        <source>no such part with a phrase in this picture</source>
        <translation>kein solcher Teil mit einer Phrase auf diesem Bild</translation>
    </message>
    <message>
        <source>answered by “%1”</source>
        <translation>beantwortet von „%1“</translation>
    </message>
    <message>
        <source>%1 is right</source>
        <translation>%1 ist richtig</translation>
    </message>
    <message>
        <source>%1 is wrong</source>
        <translation>%1 ist falsch</translation>
    </message>
    <message>
        <source>More like this: %1</source>
        <translation>Mehr davon: %1</translation>
    </message>
    <message>
        <source>Why rank %1</source>
        <translation>Warum Rang %1</translation>
    </message>
    <message>
        <source>%1 · score %2</source>
        <translation>%1 · Wert %2</translation>
    </message>
    <message>
        <source>probably no match (%1 % by calibration)</source>
        <translation>wahrscheinlich kein Treffer (%1 % nach der Kalibrierung)</translation>
    </message>
    <message>
        <source>probably a match (%1 % by calibration)</source>
        <translation>wahrscheinlich ein Treffer (%1 % nach der Kalibrierung)</translation>
    </message>
    <message>
        <source>The contributions add up to the score. Each is the score minus the score without that piece; the rest is what they share.</source>
        <translation>Die Beiträge ergeben zusammen den Wert. Jeder ist der Wert minus dem Wert ohne dieses Stück; der Rest ist, was sie teilen.</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::FacetPanel</name>
    <message>
        <source>Facets</source>
        <translation>Facetten</translation>
    </message>
    <message>
        <source>Not reviewed</source>
        <translation>Nicht geprüft</translation>
    </message>
    <message>
        <source>None</source>
        <translation>Keine</translation>
    </message>
    <message>
        <source>Not rated</source>
        <translation>Nicht bewertet</translation>
    </message>
    <message>
        <source>Accepted</source>
        <translation>Angenommen</translation>
    </message>
    <message>
        <source>Rejected</source>
        <translation>Abgelehnt</translation>
    </message>
    <message>
        <source>Unsure</source>
        <translation>Unsicher</translation>
    </message>
    <message>
        <source>Split</source>
        <translation>Teilmenge</translation>
    </message>
    <message>
        <source>Parts</source>
        <translation>Teile</translation>
    </message>
    <message>
        <source>Colour words</source>
        <translation>Farbwörter</translation>
    </message>
    <message>
        <source>Review</source>
        <translation>Prüfung</translation>
    </message>
    <message>
        <source>Rating</source>
        <translation>Bewertung</translation>
    </message>
    <message>
        <source>Tags</source>
        <translation>Schlagwörter</translation>
    </message>
    <message>
        <source>Identities</source>
        <translation>Identitäten</translation>
    </message>
    <message>
        <source>Source</source>
        <translation>Quelle</translation>
    </message>
    <message>
        <source>%1 of %2 pictures with it are shown</source>
        <translation>%1 von %2 Bildern damit werden gezeigt</translation>
    </message>
    <message>
        <source>and %1 more: type %2:…</source>
        <translation>und %1 weitere: geben Sie %2: ein…</translation>
    </message>
    <message>
        <source>Weakest mask</source>
        <translation>Schwächste Maske</translation>
    </message>
    <message>
        <source>IoU ≤ %1</source>
        <translation>IoU ≤ %1</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::Filmstrip</name>
    <message>
        <source>Neighbouring pictures</source>
        <translation>Benachbarte Bilder</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <translation>%1 von %2</translation>
    </message>
    <message>
        <source>accepted</source>
        <translation>angenommen</translation>
    </message>
    <message>
        <source>rejected</source>
        <translation>abgelehnt</translation>
    </message>
    <message>
        <source>unsure</source>
        <translation>unsicher</translation>
    </message>
    <message>
        <source>%1 of 5 stars</source>
        <translation>%1 von 5 Sternen</translation>
    </message>
    <message>
        <source>edited</source>
        <translation>bearbeitet</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::FilterBar</name>
    <message>
        <source>Filter, such as split:train has:hat colour:red rating&gt;=4</source>
        <translation>Filter, etwa split:train has:hat colour:red rating&gt;=4</translation>
    </message>
    <message>
        <source>Order of import</source>
        <translation>Reihenfolge des Imports</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>Identity</source>
        <translation>Identität</translation>
    </message>
    <message>
        <source>Split</source>
        <translation>Teilmenge</translation>
    </message>
    <message>
        <source>Source</source>
        <translation>Quelle</translation>
    </message>
    <message>
        <source>Rating</source>
        <translation>Bewertung</translation>
    </message>
    <message>
        <source>Review</source>
        <translation>Prüfung</translation>
    </message>
    <message>
        <source>Weakest part</source>
        <translation>Schwächster Teil</translation>
    </message>
    <message>
        <source>Number of parts</source>
        <translation>Anzahl der Teile</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Path</source>
        <translation>Pfad</translation>
    </message>
    <message>
        <source>Sort by</source>
        <translation>Sortieren nach</translation>
    </message>
    <message>
        <source>Descending</source>
        <translation>Absteigend</translation>
    </message>
    <message>
        <source>Turn the order round</source>
        <translation>Reihenfolge umkehren</translation>
    </message>
    <message>
        <source>Views</source>
        <translation>Ansichten</translation>
    </message>
    <message>
        <source>Saved views</source>
        <translation>Gespeicherte Ansichten</translation>
    </message>
    <message>
        <source>Save as a view…</source>
        <translation>Als Ansicht speichern…</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>Umbenennen</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>Löschen</translation>
    </message>
    <message>
        <source>Near-duplicates</source>
        <translation>Fast gleiche Bilder</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::FilterEdit</name>
    <message>
        <source>Filter, such as split:train has:hat rating&gt;=4</source>
        <translation>Filter, etwa split:train has:hat rating&gt;=4</translation>
    </message>
    <message>
        <source>Filter</source>
        <translation>Filter</translation>
    </message>
    <message>
        <source>Filter, column %1: %2</source>
        <translation>Filter, Spalte %1: %2</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::GalleryModel</name>
    <message>
        <source>%1, rank %2, score %3</source>
        <translation>%1, Rang %2, Wert %3</translation>
    </message>
    <message>
        <source>%1, rank %2, score %3, matched: %4</source>
        <translation>%1, Rang %2, Wert %3, passt: %4</translation>
    </message>
    <message>
        <source>%1, the best of its near-duplicates</source>
        <translation>%1, das beste unter fast gleichen Bildern</translation>
    </message>
    <message>
        <source>%1, a near-duplicate</source>
        <translation>%1, ein fast gleiches Bild</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::GalleryPage</name>
    <message>
        <source>Size of the pictures</source>
        <translation>Größe der Bilder</translation>
    </message>
    <message>
        <source>Size of the pictures (Ctrl and the mouse wheel)</source>
        <translation>Größe der Bilder (Strg und das Mausrad)</translation>
    </message>
    <message>
        <source>Gallery</source>
        <translation>Galerie</translation>
    </message>
    <message>
        <source>Open in the viewer</source>
        <translation>Im Betrachter öffnen</translation>
    </message>
    <message>
        <source>Back to all pictures</source>
        <translation>Zurück zu allen Bildern</translation>
    </message>
    <message>
        <source>Bigger pictures</source>
        <translation>Größere Bilder</translation>
    </message>
    <message>
        <source>Smaller pictures</source>
        <translation>Kleinere Bilder</translation>
    </message>
    <message>
        <source>No pictures yet</source>
        <translation>Noch keine Bilder</translation>
    </message>
    <message>
        <source>Import a folder of person pictures, scenes or a video. You can also drop them into this window.</source>
        <translation>Importieren Sie einen Ordner mit Bildern von Personen, Szenen oder ein Video. Sie können sie auch in dieses Fenster ziehen.</translation>
    </message>
    <message>
        <source>Import…</source>
        <translation>Importieren…</translation>
    </message>
    <message>
        <source>%1 in the gallery</source>
        <translation>%1 in der Galerie</translation>
    </message>
    <message>
        <source>Save as a view</source>
        <translation>Als Ansicht speichern</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>Save view %1</source>
        <translation>Ansicht %1 speichern</translation>
    </message>
    <message>
        <source>Rename view</source>
        <translation>Ansicht umbenennen</translation>
    </message>
    <message>
        <source>Rename view %1</source>
        <translation>Ansicht %1 umbenennen</translation>
    </message>
    <message>
        <source>Delete view %1</source>
        <translation>Ansicht %1 löschen</translation>
    </message>
    <message>
        <source>Column %1: %2</source>
        <translation>Spalte %1: %2</translation>
    </message>
    <message>
        <source>Add a tag</source>
        <translation>Schlagwort hinzufügen</translation>
    </message>
    <message>
        <source>Remove a tag</source>
        <translation>Schlagwort entfernen</translation>
    </message>
    <message>
        <source>Tag</source>
        <translation>Schlagwort</translation>
    </message>
    <message>
        <source>Tag “%1”</source>
        <translation>Schlagwort „%1“</translation>
    </message>
    <message>
        <source>Remove tag “%1”</source>
        <translation>Schlagwort „%1“ entfernen</translation>
    </message>
    <message>
        <source>Select all that fit</source>
        <translation>Alle passenden auswählen</translation>
    </message>
    <message>
        <source>Filter</source>
        <translation>Filter</translation>
    </message>
    <message>
        <source>No rating</source>
        <translation>Keine Bewertung</translation>
    </message>
    <message>
        <source>Rate %1</source>
        <translation>Mit %1 bewerten</translation>
    </message>
    <message>
        <source>Accept</source>
        <translation>Annehmen</translation>
    </message>
    <message>
        <source>Mark as unsure</source>
        <translation>Als unsicher markieren</translation>
    </message>
    <message>
        <source>Reject</source>
        <translation>Ablehnen</translation>
    </message>
    <message>
        <source>Not reviewed</source>
        <translation>Nicht geprüft</translation>
    </message>
    <message>
        <source>Add a tag…</source>
        <translation>Schlagwort hinzufügen…</translation>
    </message>
    <message>
        <source>Remove a tag…</source>
        <translation>Schlagwort entfernen…</translation>
    </message>
    <message>
        <source>No picture fits</source>
        <translation>Kein Bild passt</translation>
    </message>
    <message>
        <source>No picture fits this filter. Press Esc to see all pictures.</source>
        <translation>Kein Bild passt zu diesem Filter. Esc zeigt wieder alle Bilder.</translation>
    </message>
    <message>
        <source>%1 of %2 fit</source>
        <translation>%1 von %2 passen</translation>
    </message>
    <message>
        <source>Pictures in a grid</source>
        <translation>Bilder im Raster</translation>
    </message>
    <message>
        <source>Map of the pictures</source>
        <translation>Karte der Bilder</translation>
    </message>
    <message>
        <source>Compare side by side</source>
        <translation>Nebeneinander vergleichen</translation>
    </message>
    <message>
        <source>Near-duplicates</source>
        <translation>Fast gleiche Bilder</translation>
    </message>
    <message>
        <source>Thumbnails are not kept</source>
        <translation>Vorschaubilder werden nicht aufbewahrt</translation>
    </message>
    <message>
        <source>Thumbnails cannot be kept in the project, so they are made anew each time: %1</source>
        <translation>Vorschaubilder können nicht im Projekt aufbewahrt werden und entstehen jedes Mal neu: %1</translation>
    </message>
    <message>
        <source>Select two to six pictures to compare them</source>
        <translation>Wählen Sie zwei bis sechs Bilder aus, um sie zu vergleichen</translation>
    </message>
    <message>
        <source>The project is open for reading only: duplicates cannot be stored</source>
        <translation>Das Projekt ist nur zum Lesen geöffnet: Gleiche Bilder können nicht gespeichert werden</translation>
    </message>
    <message>
        <source>Looking for near-duplicates…</source>
        <translation>Suche nach fast gleichen Bildern…</translation>
    </message>
    <message>
        <source>Find near-duplicates</source>
        <translation>Fast gleiche Bilder finden</translation>
    </message>
    <message>
        <source>Whole pictures</source>
        <translation>Ganze Bilder</translation>
    </message>
    <message>
        <source>Masks in the comparison</source>
        <translation>Masken im Vergleich</translation>
    </message>
    <message>
        <source>Move and zoom together</source>
        <translation>Gemeinsam bewegen und zoomen</translation>
    </message>
    <message>
        <source>Take out of the comparison</source>
        <translation>Aus dem Vergleich nehmen</translation>
    </message>
    <message>
        <source>Select all but the best near-duplicates</source>
        <translation>Alle außer den besten von fast gleichen auswählen</translation>
    </message>
    <message>
        <source>No near-duplicates</source>
        <translation>Keine fast gleichen Bilder</translation>
    </message>
    <message>
        <source>No two pictures of this project look nearly the same. Press Esc to see all pictures.</source>
        <translation>Keine zwei Bilder dieses Projekts sehen fast gleich aus. Esc zeigt wieder alle Bilder.</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::GroupCard</name>
    <message>
        <source>Group %1</source>
        <translation>Gruppe %1</translation>
    </message>
    <message>
        <source>no class yet</source>
        <translation>noch keine Klasse</translation>
    </message>
    <message>
        <source>changed</source>
        <translation>geändert</translation>
    </message>
    <message>
        <source>Drop classes here</source>
        <translation>Klassen hier ablegen</translation>
    </message>
    <message>
        <source>exclusive</source>
        <translation>exklusiv</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::GroupCards</name>
    <message>
        <source>any class</source>
        <translation>irgendeine Klasse</translation>
    </message>
    <message>
        <source>all classes</source>
        <translation>alle Klassen</translation>
    </message>
    <message>
        <source>first class</source>
        <translation>erste Klasse</translation>
    </message>
    <message>
        <source>Groups</source>
        <translation>Gruppen</translation>
    </message>
    <message>
        <source>Arrow keys go from group to group, Shift selects several, Enter edits</source>
        <translation>Pfeiltasten gehen von Gruppe zu Gruppe, Umschalt wählt mehrere, Eingabe bearbeitet</translation>
    </message>
    <message>
        <source>unknown class %1</source>
        <translation>unbekannte Klasse %1</translation>
    </message>
    <message>
        <source>%1 pictures</source>
        <translation>%1 Bilder</translation>
    </message>
    <message>
        <source>%1 → %2 pictures</source>
        <translation>%1 → %2 Bilder</translation>
    </message>
    <message numerus="yes">
        <source>Skipped in %n pictures</source>
        <translation>
            <numerusform>In %n Bild übersprungen</numerusform>
            <numerusform>In %n Bildern übersprungen</numerusform>
        </translation>
    </message>
    <message>
        <source>%1 is in “%2”, too</source>
        <translation>%1 ist auch in „%2“</translation>
    </message>
    <message numerus="yes">
        <source>%n pictures</source>
        <translation>
            <numerusform>%n Bild</numerusform>
            <numerusform>%n Bilder</numerusform>
        </translation>
    </message>
    <message>
        <source>+ New group</source>
        <translation>+ Neue Gruppe</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::ImpactModel</name>
    <message>
        <source>a new group</source>
        <translation>eine neue Gruppe</translation>
    </message>
    <message>
        <source>is gone</source>
        <translation>ist fort</translation>
    </message>
    <message>
        <source>%1 → %2</source>
        <translation>%1 → %2</translation>
    </message>
    <message>
        <source>%1 pictures gain it, %2 lose it</source>
        <translation>%1 Bilder gewinnen sie, %2 verlieren sie</translation>
    </message>
    <message>
        <source>%1 pixels before, %2 after</source>
        <translation>%1 Pixel vorher, %2 nachher</translation>
    </message>
    <message numerus="yes">
        <source>skipped in %n pictures although a class of it shows</source>
        <translation>
            <numerusform>in %n Bild übersprungen, obwohl eine ihrer Klassen zu sehen ist</numerusform>
            <numerusform>in %n Bildern übersprungen, obwohl eine ihrer Klassen zu sehen ist</numerusform>
        </translation>
    </message>
    <message>
        <source>an estimate: some pictures have part masks only</source>
        <translation>eine Schätzung: Manche Bilder haben nur Masken der Teile</translation>
    </message>
    <message>
        <source>Pictures in which the group is there now, and in which it would be there</source>
        <translation>Bilder, in denen die Gruppe jetzt vorkommt, und in denen sie vorkäme</translation>
    </message>
    <message>
        <source>Group</source>
        <translation>Gruppe</translation>
    </message>
    <message>
        <source>Pictures</source>
        <translation>Bilder</translation>
    </message>
    <message>
        <source>Outdated</source>
        <translation>Veraltet</translation>
    </message>
    <message>
        <source>Masks that would be out of date, with their phrases</source>
        <translation>Masken, die veraltet wären, samt ihren Phrasen</translation>
    </message>
    <message>
        <source>out of date then: %1 masks, %2 phrases</source>
        <translation>dann veraltet: %1 Masken, %2 Phrasen</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::ImportDialog</name>
    <message>
        <source>The pictures are scenes: cut the people out of them</source>
        <translation>Die Bilder sind Szenen: Personen aus ihnen ausschneiden</translation>
    </message>
    <message>
        <source>Import</source>
        <translation>Importieren</translation>
    </message>
    <message>
        <source>Folders and files to import</source>
        <translation>Zu importierende Ordner und Dateien</translation>
    </message>
    <message>
        <source>Folders are searched with all folders in them. People are always cut out of videos. Your files stay where they are.</source>
        <translation>Ordner werden mit allen Ordnern darin durchsucht. Aus Videos werden Personen immer ausgeschnitten. Ihre Dateien bleiben, wo sie sind.</translation>
    </message>
    <message>
        <source>Folder to import</source>
        <translation>Zu importierender Ordner</translation>
    </message>
    <message>
        <source>Files to import</source>
        <translation>Zu importierende Dateien</translation>
    </message>
    <message>
        <source>Import people</source>
        <translation>Personen importieren</translation>
    </message>
    <message>
        <source>Pictures and videos (*.jpg *.jpeg *.png *.bmp *.webp *.tif *.tiff *.avi *.mp4 *.mkv *.mov)</source>
        <translation>Bilder und Videos (*.jpg *.jpeg *.png *.bmp *.webp *.tif *.tiff *.avi *.mp4 *.mkv *.mov)</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>Alle Dateien (*)</translation>
    </message>
    <message>
        <source>Nothing to import yet</source>
        <translation>Noch nichts zu importieren</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::ImportModelDialog</name>
    <message>
        <source>Import model</source>
        <translation>Modell importieren</translation>
    </message>
    <message>
        <source>Published weights as they are downloaded: .safetensors, .pth, .pt, .bin, .pkl, or the folder of a model. What they are is told from their tensors; nothing in them is executed.</source>
        <translation>Veröffentlichte Gewichte, wie man sie herunterlädt: .safetensors, .pth, .pt, .bin, .pkl oder der Ordner eines Modells. Was sie sind, sagen ihre Tensoren; nichts darin wird ausgeführt.</translation>
    </message>
    <message>
        <source>Progress of the import</source>
        <translation>Fortschritt des Imports</translation>
    </message>
    <message>
        <source>Import</source>
        <translation>Importieren</translation>
    </message>
    <message>
        <source>Use this model</source>
        <translation>Dieses Modell benutzen</translation>
    </message>
    <message>
        <source>It does its task from now on; the window is made anew</source>
        <translation>Es übernimmt von nun an seine Aufgabe; das Fenster wird neu aufgebaut</translation>
    </message>
    <message>
        <source>Import another</source>
        <translation>Weiteres importieren</translation>
    </message>
    <message>
        <source>%1 of %2 MiB</source>
        <translation>%1 von %2 MiB</translation>
    </message>
    <message>
        <source>Cancelled. Nothing was left behind.</source>
        <translation>Abgebrochen. Es ist nichts übrig geblieben.</translation>
    </message>
    <message>
        <source>Files and folders of the model</source>
        <translation>Dateien und Ordner des Modells</translation>
    </message>
    <message>
        <source>Configuration</source>
        <translation>Konfiguration</translation>
    </message>
    <message>
        <source>The config.json beside the weights, else their tensors</source>
        <translation>Die config.json neben den Gewichten, sonst deren Tensoren</translation>
    </message>
    <message>
        <source>Files of the model</source>
        <translation>Dateien des Modells</translation>
    </message>
    <message>
        <source>Weights (*.safetensors *.pth *.pt *.bin *.pkl *.json)</source>
        <translation>Gewichte (*.safetensors *.pth *.pt *.bin *.pkl *.json)</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>Alle Dateien (*)</translation>
    </message>
    <message>
        <source>Folder of the model</source>
        <translation>Ordner des Modells</translation>
    </message>
    <message>
        <source>Configurations (*.json)</source>
        <translation>Konfigurationen (*.json)</translation>
    </message>
    <message>
        <source>Tensors that are missing or of another shape</source>
        <translation>Tensoren, die fehlen oder eine andere Form haben</translation>
    </message>
    <message>
        <source>What the files are</source>
        <translation>Was die Dateien sind</translation>
    </message>
    <message>
        <source>Name of the model</source>
        <translation>Name des Modells</translation>
    </message>
    <message>
        <source>Copy the weights</source>
        <translation>Gewichte kopieren</translation>
    </message>
    <message>
        <source>Link to the files where they are</source>
        <translation>Auf die Dateien verweisen, wo sie liegen</translation>
    </message>
    <message>
        <source>Takes no space; the model is gone when the files are moved or deleted</source>
        <translation>Braucht keinen Platz; das Modell ist weg, wenn die Dateien verschoben oder gelöscht werden</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>Choose the files or the folder of a model</source>
        <translation>Wählen Sie die Dateien oder den Ordner eines Modells</translation>
    </message>
    <message>
        <source>Examples</source>
        <translation>Beispiele</translation>
    </message>
    <message>
        <source>sam_vit_b_01ec64.pth; ViT-B-16.pt; a folder with config.json and model.safetensors; the parts of a LAVIS BLIP-2 together</source>
        <translation>sam_vit_b_01ec64.pth; ViT-B-16.pt; ein Ordner mit config.json und model.safetensors; die Teile eines BLIP-2 von LAVIS zusammen</translation>
    </message>
    <message>
        <source>Looking at the files…</source>
        <translation>Die Dateien werden angesehen…</translation>
    </message>
    <message>
        <source>These weights are of no known network</source>
        <translation>Diese Gewichte gehören zu keinem bekannten Netz</translation>
    </message>
    <message>
        <source>The weights alone do not make a model</source>
        <translation>Die Gewichte allein ergeben kein Modell</translation>
    </message>
    <message>
        <source>A part of the model is missing</source>
        <translation>Ein Teil des Modells fehlt</translation>
    </message>
    <message>
        <source>Tensors are missing</source>
        <translation>Tensoren fehlen</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>Art</translation>
    </message>
    <message>
        <source>Used for</source>
        <translation>Aufgabe</translation>
    </message>
    <message>
        <source>Weights</source>
        <translation>Gewichte</translation>
    </message>
    <message>
        <source>%1 numbers, mostly %2, %3</source>
        <translation>%1 Zahlen, meist %2, %3</translation>
    </message>
    <message>
        <source>told from the tensors</source>
        <translation>aus den Tensoren geschlossen</translation>
    </message>
    <message>
        <source>Tokenizer</source>
        <translation>Tokenizer</translation>
    </message>
    <message>
        <source>missing: put %1, as published with the model, beside the weights or later into the model&apos;s folder</source>
        <translation>fehlt: Legen Sie %1, wie mit dem Modell veröffentlicht, neben die Gewichte oder später in den Ordner des Modells</translation>
    </message>
    <message>
        <source>Note</source>
        <translation>Hinweis</translation>
    </message>
    <message>
        <source>This cannot be made a model</source>
        <translation>Hieraus wird kein Modell</translation>
    </message>
    <message>
        <source>Checking the weights…</source>
        <translation>Die Gewichte werden geprüft…</translation>
    </message>
    <message>
        <source>Copying the weights…</source>
        <translation>Die Gewichte werden kopiert…</translation>
    </message>
    <message>
        <source>Imported as “%1”</source>
        <translation>Importiert als „%1“</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>Ordner</translation>
    </message>
    <message>
        <source>The tokenizer is missing: put %1, as published with the model, into the folder.</source>
        <translation>Der Tokenizer fehlt: Legen Sie %1, wie mit dem Modell veröffentlicht, in den Ordner.</translation>
    </message>
    <message>
        <source>Cancel the import</source>
        <translation>Import abbrechen</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>There is a model “%1” already; type another name.</source>
        <translation>Ein Modell „%1“ gibt es schon; geben Sie einen anderen Namen ein.</translation>
    </message>
    <message>
        <source>It goes into %1</source>
        <translation>Es kommt nach %1</translation>
    </message>
    <message>
        <source>No files yet. They can be dropped here.</source>
        <translation>Noch keine Dateien. Man kann sie hier fallen lassen.</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::IouChart</name>
    <message>
        <source>IoU of each part</source>
        <translation>IoU jedes Teils</translation>
    </message>
    <message>
        <source>%1: %2 % of pairs, %3 % of pixels</source>
        <translation>%1: %2 % der Paare, %3 % der Pixel</translation>
    </message>
    <message>
        <source>%1, 1 pair</source>
        <translation>%1, 1 Paar</translation>
    </message>
    <message>
        <source>%1, %2 pairs</source>
        <translation>%1, %2 Paare</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::JobLogModel</name>
    <message>
        <source>Done · skipped: %1</source>
        <translation>Fertig · übersprungen: %1</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <translation>%1 von %2</translation>
    </message>
    <message>
        <source>%1 left</source>
        <translation>noch %1</translation>
    </message>
    <message>
        <source>Job</source>
        <translation>Auftrag</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Zustand</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>Fortschritt</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>Zeit</translation>
    </message>
    <message>
        <source>Waiting</source>
        <translation>Wartet</translation>
    </message>
    <message>
        <source>Running</source>
        <translation>Läuft</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>Fertig</translation>
    </message>
    <message>
        <source>Cancelled</source>
        <translation>Abgebrochen</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>Gescheitert</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::JobProgress</name>
    <message>
        <source>Progress of the running job</source>
        <translation>Fortschritt des laufenden Auftrags</translation>
    </message>
    <message>
        <source>Cancel the running job</source>
        <translation>Laufenden Auftrag abbrechen</translation>
    </message>
    <message>
        <source>Cancel the running job; it goes on there when it is started again</source>
        <translation>Laufenden Auftrag abbrechen; erneut gestartet, macht er dort weiter</translation>
    </message>
    <message>
        <source>%1 left</source>
        <translation>noch %1</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::JobsPanel</name>
    <message>
        <source>Cancel job</source>
        <translation>Auftrag abbrechen</translation>
    </message>
    <message>
        <source>Clear finished</source>
        <translation>Fertige ausblenden</translation>
    </message>
    <message>
        <source>Jobs</source>
        <translation>Aufträge</translation>
    </message>
    <message>
        <source>Details of the selected job</source>
        <translation>Einzelheiten des gewählten Auftrags</translation>
    </message>
    <message>
        <source>Select a job to see what it did and what it skipped.</source>
        <translation>Wählen Sie einen Auftrag, um zu sehen, was er getan und was er übersprungen hat.</translation>
    </message>
    <message>
        <source>Skipped:</source>
        <translation>Übersprungen:</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::KeyEditor</name>
    <message>
        <source>Assign</source>
        <translation>Zuweisen</translation>
    </message>
    <message>
        <source>Add as a second key</source>
        <translation>Als zweite Taste hinzufügen</translation>
    </message>
    <message>
        <source>No key</source>
        <translation>Keine Taste</translation>
    </message>
    <message>
        <source>Reset</source>
        <translation>Zurücksetzen</translation>
    </message>
    <message>
        <source>Action</source>
        <translation>Aktion</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>Tasten</translation>
    </message>
    <message>
        <source>Where</source>
        <translation>Wo</translation>
    </message>
    <message>
        <source>Actions and their keys</source>
        <translation>Aktionen und ihre Tasten</translation>
    </message>
    <message>
        <source>New key of the selected action</source>
        <translation>Neue Taste der gewählten Aktion</translation>
    </message>
    <message>
        <source>Reset all keys</source>
        <translation>Alle Tasten zurücksetzen</translation>
    </message>
    <message>
        <source>Import keys…</source>
        <translation>Tasten importieren…</translation>
    </message>
    <message>
        <source>Export keys…</source>
        <translation>Tasten exportieren…</translation>
    </message>
    <message>
        <source>“%1”</source>
        <translation>„%1“</translation>
    </message>
    <message>
        <source>%1 belongs to %2 now. Assigning takes it away from there.</source>
        <translation>%1 gehört jetzt zu %2. Das Zuweisen nimmt die Taste dort weg.</translation>
    </message>
    <message>
        <source>Import keys</source>
        <translation>Tasten importieren</translation>
    </message>
    <message>
        <source>Keys (*.json)</source>
        <translation>Tasten (*.json)</translation>
    </message>
    <message>
        <source>Export keys</source>
        <translation>Tasten exportieren</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::MainWindow</name>
    <message>
        <source>SAP-SAM Workbench</source>
        <translation>SAP-SAM Workbench</translation>
    </message>
    <message>
        <source>Main toolbar</source>
        <translation>Hauptwerkzeugleiste</translation>
    </message>
    <message>
        <source>Pages</source>
        <translation>Seiten</translation>
    </message>
    <message>
        <source>%1 selected</source>
        <translation>%1 ausgewählt</translation>
    </message>
    <message>
        <source>120 drawn people. They are made at the first use, which takes a minute or two.</source>
        <translation>120 gezeichnete Personen. Sie entstehen bei der ersten Benutzung, was ein bis zwei Minuten dauert.</translation>
    </message>
    <message>
        <source>There is no demo project on this computer.</source>
        <translation>Auf diesem Rechner gibt es kein Demoprojekt.</translation>
    </message>
    <message>
        <source>Project</source>
        <translation>Projekt</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>Suchen</translation>
    </message>
    <message>
        <source>View</source>
        <translation>Ansicht</translation>
    </message>
    <message>
        <source>Help</source>
        <translation>Hilfe</translation>
    </message>
    <message>
        <source>&amp;New project…</source>
        <translation>&amp;Neues Projekt…</translation>
    </message>
    <message>
        <source>&amp;Open project…</source>
        <translation>Projekt ö&amp;ffnen…</translation>
    </message>
    <message>
        <source>&amp;Close project</source>
        <translation>Projekt s&amp;chließen</translation>
    </message>
    <message>
        <source>&amp;Import…</source>
        <translation>&amp;Importieren…</translation>
    </message>
    <message>
        <source>&amp;Segment</source>
        <translation>&amp;Segmentieren</translation>
    </message>
    <message>
        <source>Find the parts of every person that has none yet</source>
        <translation>Die Teile jeder Person finden, die noch keine hat</translation>
    </message>
    <message>
        <source>&amp;Write phrases</source>
        <translation>&amp;Phrasen schreiben</translation>
    </message>
    <message>
        <source>Write a phrase for every part without one</source>
        <translation>Eine Phrase für jeden Teil schreiben, der keine hat</translation>
    </message>
    <message>
        <source>&amp;Embed</source>
        <translation>&amp;Einbetten</translation>
    </message>
    <message>
        <source>Make every picture searchable</source>
        <translation>Jedes Bild durchsuchbar machen</translation>
    </message>
    <message>
        <source>&amp;Prepare all</source>
        <translation>Alles &amp;vorbereiten</translation>
    </message>
    <message>
        <source>Segment, write phrases and embed, in this order</source>
        <translation>Segmentieren, Phrasen schreiben und einbetten, in dieser Reihenfolge</translation>
    </message>
    <message>
        <source>Cancel all &amp;jobs</source>
        <translation>Alle &amp;Aufträge abbrechen</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>&amp;Beenden</translation>
    </message>
    <message>
        <source>Edit</source>
        <translation>Bearbeiten</translation>
    </message>
    <message>
        <source>&amp;Undo</source>
        <translation>&amp;Rückgängig</translation>
    </message>
    <message>
        <source>&amp;Redo</source>
        <translation>&amp;Wiederherstellen</translation>
    </message>
    <message>
        <source>&amp;Undo: %1</source>
        <translation>&amp;Rückgängig: %1</translation>
    </message>
    <message>
        <source>&amp;Redo: %1</source>
        <translation>&amp;Wiederherstellen: %1</translation>
    </message>
    <message>
        <source>&amp;Describe a person</source>
        <translation>Person &amp;beschreiben</translation>
    </message>
    <message>
        <source>Show &amp;all pictures</source>
        <translation>&amp;Alle Bilder zeigen</translation>
    </message>
    <message>
        <source>Switch between dark and &amp;light</source>
        <translation>Zwischen dunkel und &amp;hell wechseln</translation>
    </message>
    <message>
        <source>&amp;Full screen</source>
        <translation>&amp;Vollbild</translation>
    </message>
    <message>
        <source>Show or hide the &amp;left side</source>
        <translation>&amp;Linke Seite zeigen oder verbergen</translation>
    </message>
    <message>
        <source>The steps of the project, and what a page keeps at its left</source>
        <translation>Die Schritte des Projekts, und was eine Seite links hat</translation>
    </message>
    <message>
        <source>Show or hide the r&amp;ight side</source>
        <translation>&amp;Rechte Seite zeigen oder verbergen</translation>
    </message>
    <message>
        <source>The history, and what a page keeps at its right</source>
        <translation>Der Verlauf, und was eine Seite rechts hat</translation>
    </message>
    <message>
        <source>Show or hide the &amp;bottom</source>
        <translation>&amp;Unteren Bereich zeigen oder verbergen</translation>
    </message>
    <message>
        <source>The log of the jobs</source>
        <translation>Das Protokoll der Aufträge</translation>
    </message>
    <message>
        <source>Layout: &amp;annotate</source>
        <translation>Anordnung: &amp;annotieren</translation>
    </message>
    <message>
        <source>Layout: &amp;search</source>
        <translation>Anordnung: &amp;suchen</translation>
    </message>
    <message>
        <source>Layout: &amp;train</source>
        <translation>Anordnung: &amp;trainieren</translation>
    </message>
    <message>
        <source>Layout: &amp;evaluate</source>
        <translation>Anordnung: aus&amp;werten</translation>
    </message>
    <message>
        <source>&amp;Save layout as…</source>
        <translation>Anordnung &amp;speichern als…</translation>
    </message>
    <message>
        <source>Keep the docks and the page as they are under a name</source>
        <translation>Leisten und Seite, wie sie jetzt sind, unter einem Namen behalten</translation>
    </message>
    <message>
        <source>&amp;Reset layout</source>
        <translation>Anordnung &amp;zurücksetzen</translation>
    </message>
    <message>
        <source>All panels where they were at the first start</source>
        <translation>Alle Leisten, wo sie beim ersten Start waren</translation>
    </message>
    <message>
        <source>All a&amp;ctions…</source>
        <translation>Alle A&amp;ktionen…</translation>
    </message>
    <message>
        <source>Find an action by some letters of its name</source>
        <translation>Eine Aktion durch einige Buchstaben ihres Namens finden</translation>
    </message>
    <message>
        <source>&amp;Settings…</source>
        <translation>&amp;Einstellungen…</translation>
    </message>
    <message>
        <source>Colours, language, keys, models</source>
        <translation>Farben, Sprache, Tasten, Modelle</translation>
    </message>
    <message>
        <source>&amp;Keys</source>
        <translation>&amp;Tasten</translation>
    </message>
    <message>
        <source>&amp;About</source>
        <translation>Ü&amp;ber</translation>
    </message>
    <message>
        <source>&amp;Project</source>
        <translation>&amp;Projekt</translation>
    </message>
    <message>
        <source>Open &amp;recent</source>
        <translation>Zuletzt &amp;geöffnet</translation>
    </message>
    <message>
        <source>E&amp;dit</source>
        <translation>&amp;Bearbeiten</translation>
    </message>
    <message>
        <source>&amp;Engine</source>
        <translation>&amp;Engine</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>&amp;Ansicht</translation>
    </message>
    <message>
        <source>&amp;Layouts</source>
        <translation>A&amp;nordnungen</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>&amp;Hilfe</translation>
    </message>
    <message>
        <source>Jobs</source>
        <translation>Aufträge</translation>
    </message>
    <message>
        <source>What was changed; a click goes back to it</source>
        <translation>Was geändert wurde; ein Klick führt dorthin zurück</translation>
    </message>
    <message>
        <source>As it was opened</source>
        <translation>Wie beim Öffnen</translation>
    </message>
    <message>
        <source>History</source>
        <translation>Verlauf</translation>
    </message>
    <message>
        <source>%1 — SAP-SAM Workbench</source>
        <translation>%1 — SAP-SAM Workbench</translation>
    </message>
    <message>
        <source>Open project</source>
        <translation>Projekt öffnen</translation>
    </message>
    <message>
        <source>Install the newer version of this program and open the project there. Nothing in the project was changed.</source>
        <translation>Installieren Sie die neuere Version dieses Programms, und öffnen Sie das Projekt dort. Am Projekt wurde nichts geändert.</translation>
    </message>
    <message>
        <source>That window is gone: take over</source>
        <translation>Jenes Fenster gibt es nicht mehr: übernehmen</translation>
    </message>
    <message>
        <source>New project</source>
        <translation>Neues Projekt</translation>
    </message>
    <message>
        <source>Projects (*.sapsam)</source>
        <translation>Projekte (*.sapsam)</translation>
    </message>
    <message>
        <source>The change shows as soon as the running jobs have ended.</source>
        <translation>Die Änderung zeigt sich, sobald die laufenden Aufträge beendet sind.</translation>
    </message>
    <message>
        <source>Save layout</source>
        <translation>Anordnung speichern</translation>
    </message>
    <message>
        <source>Name of the layout</source>
        <translation>Name der Anordnung</translation>
    </message>
    <message>
        <source>&amp;Delete layout</source>
        <translation>Anordnung &amp;löschen</translation>
    </message>
    <message>
        <source>About</source>
        <translation>Über</translation>
    </message>
    <message>
        <source>SAP-SAM Workbench %1</source>
        <translation>SAP-SAM Workbench %1</translation>
    </message>
    <message>
        <source>Finds people by a description. Pictures, phrases and queries stay on this computer; the program opens no network connection. The people in your pictures did not ask to be searched for: use it with a reason and with their rights in mind.</source>
        <translation>Findet Personen nach einer Beschreibung. Bilder, Phrasen und Anfragen bleiben auf diesem Rechner; das Programm öffnet keine Netzverbindung. Die Menschen auf Ihren Bildern haben nicht darum gebeten, gesucht zu werden: Benutzen Sie es mit gutem Grund und mit Achtung ihrer Rechte.</translation>
    </message>
    <message>
        <source>None yet</source>
        <translation>Noch keine</translation>
    </message>
    <message>
        <source>Jobs are running</source>
        <translation>Aufträge laufen</translation>
    </message>
    <message>
        <source>Stop the running jobs and close?</source>
        <translation>Die laufenden Aufträge anhalten und schließen?</translation>
    </message>
    <message>
        <source>What they have made is stored. Started again, they go on where they stopped.</source>
        <translation>Was sie gemacht haben, ist gespeichert. Erneut gestartet, machen sie weiter, wo sie aufgehört haben.</translation>
    </message>
    <message>
        <source>Stop and close</source>
        <translation>Anhalten und schließen</translation>
    </message>
    <message>
        <source>Import &amp;model…</source>
        <translation>&amp;Modell importieren…</translation>
    </message>
    <message>
        <source>Make a model of published weights: SAM, BERT, CLIP, BLIP-2</source>
        <translation>Aus veröffentlichten Gewichten ein Modell machen: SAM, BERT, CLIP, BLIP-2</translation>
    </message>
    <message>
        <source>The merges of this project cannot be read: the shipped ones are shown, and nothing can be segmented until they are mended. Masks and phrases are all there.</source>
        <translation>Die Zusammenfassungen dieses Projekts lassen sich nicht lesen: Gezeigt werden die mitgelieferten, und nichts kann segmentiert werden, bis sie in Ordnung gebracht sind. Masken und Phrasen sind alle noch da.</translation>
    </message>
    <message>
        <source>Show the merges</source>
        <translation>Zusammenfassungen zeigen</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::MapCanvas</name>
    <message>
        <source>Map of the pictures</source>
        <translation>Karte der Bilder</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::MapView</name>
    <message>
        <source>Near ones together</source>
        <translation>Ähnliche zusammen</translation>
    </message>
    <message>
        <source>Principal components</source>
        <translation>Hauptkomponenten</translation>
    </message>
    <message>
        <source>How the map is made</source>
        <translation>Wie die Karte entsteht</translation>
    </message>
    <message>
        <source>Identity</source>
        <translation>Identität</translation>
    </message>
    <message>
        <source>Split</source>
        <translation>Teilmenge</translation>
    </message>
    <message>
        <source>Tag</source>
        <translation>Schlagwort</translation>
    </message>
    <message>
        <source>Review</source>
        <translation>Prüfung</translation>
    </message>
    <message>
        <source>Rating</source>
        <translation>Bewertung</translation>
    </message>
    <message>
        <source>Source</source>
        <translation>Quelle</translation>
    </message>
    <message>
        <source>Colour of the points</source>
        <translation>Farbe der Punkte</translation>
    </message>
    <message>
        <source>Encircle pictures (Shift adds, Ctrl takes away)</source>
        <translation>Bilder einkreisen (Umschalt fügt hinzu, Strg nimmt weg)</translation>
    </message>
    <message>
        <source>Box pictures (Shift adds, Ctrl takes away)</source>
        <translation>Bilder einrahmen (Umschalt fügt hinzu, Strg nimmt weg)</translation>
    </message>
    <message>
        <source>Move the map</source>
        <translation>Karte verschieben</translation>
    </message>
    <message>
        <source>Legend</source>
        <translation>Legende</translation>
    </message>
    <message>
        <source>A click selects the pictures of this colour</source>
        <translation>Ein Klick wählt die Bilder dieser Farbe aus</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Progress of the map</source>
        <translation>Fortschritt der Karte</translation>
    </message>
    <message>
        <source>The map is being made</source>
        <translation>Die Karte entsteht</translation>
    </message>
    <message>
        <source>Laying out</source>
        <translation>Anordnen</translation>
    </message>
    <message>
        <source>Finding neighbours</source>
        <translation>Nachbarn finden</translation>
    </message>
    <message>
        <source>Preparing</source>
        <translation>Vorbereiten</translation>
    </message>
    <message>
        <source>The map was cancelled.</source>
        <translation>Die Karte wurde abgebrochen.</translation>
    </message>
    <message>
        <source>%1 pictures by %2</source>
        <translation>%1 Bilder nach %2</translation>
    </message>
    <message>
        <source>Nothing to map yet</source>
        <translation>Noch nichts für die Karte</translation>
    </message>
    <message>
        <source>The map shows which pictures look alike to the model. For that they must be embedded first.</source>
        <translation>Die Karte zeigt, welche Bilder für das Modell ähnlich aussehen. Dazu müssen sie erst eingebettet werden.</translation>
    </message>
    <message>
        <source>Embed the pictures</source>
        <translation>Bilder einbetten</translation>
    </message>
    <message>
        <source>There is no map</source>
        <translation>Es gibt keine Karte</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>Noch einmal versuchen</translation>
    </message>
    <message>
        <source>Accepted</source>
        <translation>Angenommen</translation>
    </message>
    <message>
        <source>Rejected</source>
        <translation>Abgelehnt</translation>
    </message>
    <message>
        <source>Unsure</source>
        <translation>Unsicher</translation>
    </message>
    <message>
        <source>Not reviewed</source>
        <translation>Nicht geprüft</translation>
    </message>
    <message>
        <source>Not rated</source>
        <translation>Nicht bewertet</translation>
    </message>
    <message>
        <source>None</source>
        <translation>Keine</translation>
    </message>
    <message>
        <source>and %1 more</source>
        <translation>und %1 weitere</translation>
    </message>
    <message>
        <source>Colour by</source>
        <translation>Farbe nach</translation>
    </message>
    <message>
        <source>Colour: %1</source>
        <translation>Farbe: %1</translation>
    </message>
    <message>
        <source>%1 not embedded</source>
        <translation>%1 nicht eingebettet</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::MatrixChart</name>
    <message>
        <source>Confusion matrix</source>
        <translation>Verwechslungsmatrix</translation>
    </message>
    <message>
        <source>%1: %2 % right</source>
        <translation>%1: %2 % richtig</translation>
    </message>
    <message>
        <source>%1 % of the pixels of “%2” were found</source>
        <translation>%1 % der Pixel von „%2“ wurden gefunden</translation>
    </message>
    <message>
        <source>%1 % of the pixels of “%2” were taken for “%3”</source>
        <translation>%1 % der Pixel von „%2“ wurden für „%3“ gehalten</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::MergeDraft</name>
    <message>
        <source>Add to “%1”</source>
        <translation>Zu „%1“ hinzufügen</translation>
    </message>
    <message>
        <source>Take %1 out of “%2”</source>
        <translation>%1 aus „%2“ herausnehmen</translation>
    </message>
    <message>
        <source>Move %1 to “%2”</source>
        <translation>%1 nach „%2“ verschieben</translation>
    </message>
    <message>
        <source>Put %1 first in “%2”</source>
        <translation>%1 in „%2“ an die erste Stelle setzen</translation>
    </message>
    <message>
        <source>New group</source>
        <translation>Neue Gruppe</translation>
    </message>
    <message>
        <source>Add the group “%1”</source>
        <translation>Gruppe „%1“ hinzufügen</translation>
    </message>
    <message>
        <source>Delete “%1”</source>
        <translation>„%1“ löschen</translation>
    </message>
    <message numerus="yes">
        <source>Delete %n groups</source>
        <translation>
            <numerusform>%n Gruppe löschen</numerusform>
            <numerusform>%n Gruppen löschen</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Merge %n groups into “%1”</source>
        <translation>
            <numerusform>%n Gruppe mit „%1“ vereinen</numerusform>
            <numerusform>%n Gruppen zu „%1“ vereinen</numerusform>
        </translation>
    </message>
    <message>
        <source>Move “%1”</source>
        <translation>„%1“ verschieben</translation>
    </message>
    <message>
        <source>Call “%1” “%2”</source>
        <translation>„%1“ als „%2“ bezeichnen</translation>
    </message>
    <message>
        <source>Rename “%1” to %2</source>
        <translation>„%1“ in %2 umbenennen</translation>
    </message>
    <message>
        <source>Ask for “%1”</source>
        <translation>Nach „%1“ fragen</translation>
    </message>
    <message>
        <source>Colour of “%1”</source>
        <translation>Farbe von „%1“</translation>
    </message>
    <message>
        <source>Trigger rule of “%1”</source>
        <translation>Auslöseregel von „%1“</translation>
    </message>
    <message>
        <source>Make “%1” exclusive</source>
        <translation>„%1“ exklusiv machen</translation>
    </message>
    <message>
        <source>Let “%1” share its classes</source>
        <translation>„%1“ seine Klassen teilen lassen</translation>
    </message>
    <message>
        <source>Common trigger rule</source>
        <translation>Gemeinsame Auslöseregel</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::MergesPage</name>
    <message>
        <source>First class shows</source>
        <translation>Erste Klasse zu sehen</translation>
    </message>
    <message>
        <source>Any class shows</source>
        <translation>Irgendeine Klasse zu sehen</translation>
    </message>
    <message>
        <source>All classes show</source>
        <translation>Alle Klassen zu sehen</translation>
    </message>
    <message>
        <source>Merges</source>
        <translation>Zusammenfassungen</translation>
    </message>
    <message>
        <source>Apply</source>
        <translation>Anwenden</translation>
    </message>
    <message>
        <source>Other pictures</source>
        <translation>Andere Bilder</translation>
    </message>
    <message>
        <source>Add true label maps…</source>
        <translation>Wahre Labelkarten hinzufügen…</translation>
    </message>
    <message>
        <source>Apply the draft to the project</source>
        <translation>Entwurf auf das Projekt anwenden</translation>
    </message>
    <message>
        <source>CLASSES</source>
        <translation>KLASSEN</translation>
    </message>
    <message>
        <source>Classes of the label set</source>
        <translation>Klassen des Labelsatzes</translation>
    </message>
    <message>
        <source>Enter puts the selected classes into a group</source>
        <translation>Eingabe legt die gewählten Klassen in eine Gruppe</translation>
    </message>
    <message>
        <source>GROUPS</source>
        <translation>GRUPPEN</translation>
    </message>
    <message>
        <source>A group is there when its</source>
        <translation>Eine Gruppe ist da, wenn ihre</translation>
    </message>
    <message>
        <source>Common trigger rule</source>
        <translation>Gemeinsame Auslöseregel</translation>
    </message>
    <message>
        <source>When a group counts as present in a picture. The published code asks for its first class only.</source>
        <translation>Wann eine Gruppe auf einem Bild als vorhanden zählt. Der veröffentlichte Code fragt nur nach ihrer ersten Klasse.</translation>
    </message>
    <message>
        <source>Groups</source>
        <translation>Gruppen</translation>
    </message>
    <message>
        <source>BEFORE AND AFTER</source>
        <translation>VORHER UND NACHHER</translation>
    </message>
    <message>
        <source>A data set in the ATR layout, or label maps named like the pictures: with them, the preview and all counts are exact.</source>
        <translation>Ein Datensatz in der Anordnung von ATR, oder Labelkarten, die wie die Bilder heißen: Mit ihnen sind Vorschau und alle Zahlen genau.</translation>
    </message>
    <message>
        <source>Group</source>
        <translation>Gruppe</translation>
    </message>
    <message>
        <source>What changes</source>
        <translation>Änderungen</translation>
    </message>
    <message>
        <source>Versions</source>
        <translation>Versionen</translation>
    </message>
    <message>
        <source>Details</source>
        <translation>Einzelheiten</translation>
    </message>
    <message>
        <source>Choose a group to see and change what it is called, what Person-SAM is asked for, and when it counts as present.</source>
        <translation>Wählen Sie eine Gruppe, um zu sehen und zu ändern, wie sie heißt, wonach Person-SAM gefragt wird und wann sie als vorhanden zählt.</translation>
    </message>
    <message>
        <source>Title</source>
        <translation>Titel</translation>
    </message>
    <message>
        <source>What people read</source>
        <translation>Was Menschen lesen</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>What files, filters and the command line call it; masks follow a new name</source>
        <translation>Wie Dateien, Filter und Befehlszeile sie nennen; Masken folgen einem neuen Namen</translation>
    </message>
    <message>
        <source>Phrase</source>
        <translation>Phrase</translation>
    </message>
    <message>
        <source>What Person-SAM is asked for: “the hat”</source>
        <translation>Wonach Person-SAM gefragt wird: „the hat“</translation>
    </message>
    <message>
        <source>Colour of the group</source>
        <translation>Farbe der Gruppe</translation>
    </message>
    <message>
        <source>Colour</source>
        <translation>Farbe</translation>
    </message>
    <message>
        <source>As all groups</source>
        <translation>Wie alle Gruppen</translation>
    </message>
    <message>
        <source>Trigger rule of this group</source>
        <translation>Auslöseregel dieser Gruppe</translation>
    </message>
    <message>
        <source>Trigger</source>
        <translation>Auslöser</translation>
    </message>
    <message>
        <source>Exclusive</source>
        <translation>Exklusiv</translation>
    </message>
    <message>
        <source>Shares no class with another exclusive group</source>
        <translation>Teilt keine Klasse mit einer anderen exklusiven Gruppe</translation>
    </message>
    <message>
        <source>What changes for each group</source>
        <translation>Was sich für jede Gruppe ändert</translation>
    </message>
    <message>
        <source>Masks follow their groups</source>
        <translation>Masken folgen ihren Gruppen</translation>
    </message>
    <message>
        <source>Masks of renamed groups get the new name, those of merged groups are united, those of deleted groups are removed: all in the same step, which can be undone.</source>
        <translation>Masken umbenannter Gruppen bekommen den neuen Namen, die vereinter Gruppen werden vereinigt, die gelöschter Gruppen entfernt: alles in demselben Schritt, der sich rückgängig machen lässt.</translation>
    </message>
    <message>
        <source>Why? For the list of versions</source>
        <translation>Warum? Für die Liste der Versionen</translation>
    </message>
    <message>
        <source>Note for the list of versions</source>
        <translation>Bemerkung für die Liste der Versionen</translation>
    </message>
    <message>
        <source>Versions of the merges</source>
        <translation>Versionen der Zusammenfassungen</translation>
    </message>
    <message>
        <source>Difference</source>
        <translation>Unterschied</translation>
    </message>
    <message>
        <source>Put this version into the draft</source>
        <translation>Diese Version in den Entwurf übernehmen</translation>
    </message>
    <message>
        <source>Undo step of the draft</source>
        <translation>Schritt des Entwurfs rückgängig machen</translation>
    </message>
    <message>
        <source>Ctrl+Z does the same here while the draft has steps</source>
        <translation>Strg+Z tut hier dasselbe, solange der Entwurf Schritte hat</translation>
    </message>
    <message>
        <source>Redo step of the draft</source>
        <translation>Schritt des Entwurfs wiederherstellen</translation>
    </message>
    <message>
        <source>Apply the draft</source>
        <translation>Entwurf anwenden</translation>
    </message>
    <message>
        <source>The project works with the draft from then on; one step of undo</source>
        <translation>Das Projekt arbeitet von da an mit dem Entwurf; ein Schritt zum Rückgängigmachen</translation>
    </message>
    <message>
        <source>Discard the draft</source>
        <translation>Entwurf verwerfen</translation>
    </message>
    <message>
        <source>Back to the merges that the project works with</source>
        <translation>Zurück zu den Zusammenfassungen, mit denen das Projekt arbeitet</translation>
    </message>
    <message>
        <source>Put classes into a group…</source>
        <translation>Klassen in eine Gruppe legen…</translation>
    </message>
    <message>
        <source>Where the classes selected on the left go</source>
        <translation>Wohin die links gewählten Klassen gehen</translation>
    </message>
    <message>
        <source>New group</source>
        <translation>Neue Gruppe</translation>
    </message>
    <message>
        <source>Of the classes selected on the left</source>
        <translation>Aus den links gewählten Klassen</translation>
    </message>
    <message>
        <source>Merge the selected groups</source>
        <translation>Gewählte Gruppen vereinen</translation>
    </message>
    <message>
        <source>Into the first of them</source>
        <translation>Zur ersten von ihnen</translation>
    </message>
    <message>
        <source>Delete the selected groups</source>
        <translation>Gewählte Gruppen löschen</translation>
    </message>
    <message>
        <source>Move the group forward</source>
        <translation>Gruppe nach vorn</translation>
    </message>
    <message>
        <source>Move the group back</source>
        <translation>Gruppe nach hinten</translation>
    </message>
    <message>
        <source>Preview other pictures</source>
        <translation>Vorschau mit anderen Bildern</translation>
    </message>
    <message>
        <source>Read merges from a file…</source>
        <translation>Zusammenfassungen aus einer Datei lesen…</translation>
    </message>
    <message>
        <source>Write the draft to a file…</source>
        <translation>Entwurf in eine Datei schreiben…</translation>
    </message>
    <message>
        <source>Glasses</source>
        <translation>Brille</translation>
    </message>
    <message>
        <source>Arms</source>
        <translation>Arme</translation>
    </message>
    <message>
        <source>Read the merges</source>
        <translation>Zusammenfassungen lesen</translation>
    </message>
    <message>
        <source>%1: %2.</source>
        <translation>%1: %2.</translation>
    </message>
    <message>
        <source>Drag classes onto groups, or press Enter. The numbers are pictures in which a class shows.</source>
        <translation>Ziehen Sie Klassen auf Gruppen, oder drücken Sie Eingabe. Die Zahlen sind Bilder, auf denen eine Klasse zu sehen ist.</translation>
    </message>
    <message>
        <source>Drag classes onto groups, or press Enter.</source>
        <translation>Ziehen Sie Klassen auf Gruppen, oder drücken Sie Eingabe.</translation>
    </message>
    <message>
        <source>%1 v%2</source>
        <translation>%1 v%2</translation>
    </message>
    <message>
        <source>Draft of %1, not applied yet</source>
        <translation>Entwurf von %1, noch nicht angewandt</translation>
    </message>
    <message>
        <source>The project works with %1</source>
        <translation>Das Projekt arbeitet mit %1</translation>
    </message>
    <message>
        <source>This cannot be applied yet. %1</source>
        <translation>Das lässt sich noch nicht anwenden. %1</translation>
    </message>
    <message>
        <source>Undo: %1</source>
        <translation>Rückgängig: %1</translation>
    </message>
    <message>
        <source>Nothing to undo in the draft</source>
        <translation>Im Entwurf ist nichts rückgängig zu machen</translation>
    </message>
    <message>
        <source>Redo: %1</source>
        <translation>Wiederherstellen: %1</translation>
    </message>
    <message>
        <source>Nothing to redo in the draft</source>
        <translation>Im Entwurf ist nichts wiederherzustellen</translation>
    </message>
    <message numerus="yes">
        <source>That is so in %n of the pictures</source>
        <translation>
            <numerusform>Das ist auf %n der Bilder so</numerusform>
            <numerusform>Das ist auf %n der Bilder so</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>In %n pictures both get its pixels</source>
        <translation>
            <numerusform>Auf %n Bild bekommen beide ihre Pixel</numerusform>
            <numerusform>Auf %n Bildern bekommen beide ihre Pixel</numerusform>
        </translation>
    </message>
    <message>
        <source>The draft is what the project works with.</source>
        <translation>Der Entwurf ist das, womit das Projekt arbeitet.</translation>
    </message>
    <message>
        <source>No picture looks different.</source>
        <translation>Kein Bild sieht anders aus.</translation>
    </message>
    <message numerus="yes">
        <source>%n pictures look different.</source>
        <translation>
            <numerusform>%n Bild sieht anders aus.</numerusform>
            <numerusform>%n Bilder sehen anders aus.</numerusform>
        </translation>
    </message>
    <message>
        <source>One picture looks different.</source>
        <translation>Ein Bild sieht anders aus.</translation>
    </message>
    <message>
        <source>All masks and phrases stay right.</source>
        <translation>Alle Masken und Phrasen bleiben richtig.</translation>
    </message>
    <message>
        <source>Out of date then: %1, %2. “Segment” brings them up to date, and nothing else.</source>
        <translation>Dann veraltet: %1, %2. „Segmentieren“ bringt sie auf den neuen Stand, und sonst nichts.</translation>
    </message>
    <message>
        <source>one mask</source>
        <translation>eine Maske</translation>
    </message>
    <message numerus="yes">
        <source>%n masks</source>
        <translation>
            <numerusform>%n Maske</numerusform>
            <numerusform>%n Masken</numerusform>
        </translation>
    </message>
    <message>
        <source>one phrase</source>
        <translation>eine Phrase</translation>
    </message>
    <message numerus="yes">
        <source>%n phrases</source>
        <translation>
            <numerusform>%n Phrase</numerusform>
            <numerusform>%n Phrasen</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n of them are by people: no model replaces those.</source>
        <translation>
            <numerusform>%n davon ist von einem Menschen: Kein Modell ersetzt sie.</numerusform>
            <numerusform>%n davon sind von Menschen: Kein Modell ersetzt sie.</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n pictures have no true label map: they are judged by their masks, as well as these tell (≈).</source>
        <translation>
            <numerusform>%n Bild hat keine wahre Labelkarte: Es wird nach seinen Masken beurteilt, so gut diese es sagen (≈).</numerusform>
            <numerusform>%n Bilder haben keine wahre Labelkarte: Sie werden nach ihren Masken beurteilt, so gut diese es sagen (≈).</numerusform>
        </translation>
    </message>
    <message>
        <source>Those of “%1” are removed</source>
        <translation>Die von „%1“ werden entfernt</translation>
    </message>
    <message>
        <source>Those of “%1” go to “%2”</source>
        <translation>Die von „%1“ gehen zu „%2“</translation>
    </message>
    <message>
        <source>%1 masks move, %2 are removed</source>
        <translation>%1 Masken ziehen um, %2 werden entfernt</translation>
    </message>
    <message>
        <source>The project does not know what this version said: the masks made with it count as out of date.</source>
        <translation>Das Projekt weiß nicht, was diese Version sagte: Die mit ihr gemachten Masken gelten als veraltet.</translation>
    </message>
    <message>
        <source>The draft says the same as this version.</source>
        <translation>Der Entwurf sagt dasselbe wie diese Version.</translation>
    </message>
    <message>
        <source>From this version to the draft:</source>
        <translation>Von dieser Version zum Entwurf:</translation>
    </message>
    <message>
        <source>from part masks: no true label maps are known</source>
        <translation>aus Masken der Teile: Wahre Labelkarten sind nicht bekannt</translation>
    </message>
    <message>
        <source>exact, from the true label maps</source>
        <translation>genau, aus den wahren Labelkarten</translation>
    </message>
    <message>
        <source>exact for %1 of %2 pictures</source>
        <translation>genau für %1 von %2 Bildern</translation>
    </message>
    <message>
        <source>The project has no pictures yet: import some.</source>
        <translation>Das Projekt hat noch keine Bilder: Importieren Sie einige.</translation>
    </message>
    <message>
        <source>Nothing is known about the parts of the pictures yet. Segment them, or add true label maps.</source>
        <translation>Über die Teile der Bilder ist noch nichts bekannt. Segmentieren Sie sie, oder fügen Sie wahre Labelkarten hinzu.</translation>
    </message>
    <message>
        <source>Change the merges</source>
        <translation>Zusammenfassungen ändern</translation>
    </message>
    <message>
        <source>Read %1</source>
        <translation>%1 lesen</translation>
    </message>
    <message>
        <source>Read merges from a file</source>
        <translation>Zusammenfassungen aus einer Datei lesen</translation>
    </message>
    <message>
        <source>Write the draft to a file</source>
        <translation>Entwurf in eine Datei schreiben</translation>
    </message>
    <message>
        <source>Add true label maps</source>
        <translation>Wahre Labelkarten hinzufügen</translation>
    </message>
    <message>
        <source>Go back to %1</source>
        <translation>Zurück zu %1</translation>
    </message>
    <message>
        <source>Put classes into a group</source>
        <translation>Klassen in eine Gruppe legen</translation>
    </message>
    <message>
        <source>A &amp;new group</source>
        <translation>Eine &amp;neue Gruppe</translation>
    </message>
    <message>
        <source>&amp;Take out of “%1”</source>
        <translation>Aus „%1“ &amp;herausnehmen</translation>
    </message>
    <message>
        <source>Put &amp;first</source>
        <translation>An die &amp;erste Stelle</translation>
    </message>
    <message>
        <source>&amp;Move to</source>
        <translation>&amp;Verschieben nach</translation>
    </message>
    <message>
        <source>&amp;Add to</source>
        <translation>&amp;Hinzufügen zu</translation>
    </message>
    <message>
        <source>&amp;Edit</source>
        <translation>&amp;Bearbeiten</translation>
    </message>
    <message>
        <source>&amp;Merge the selected groups</source>
        <translation>Gewählte Gruppen ver&amp;einen</translation>
    </message>
    <message>
        <source>Merge &amp;into</source>
        <translation>Vereinen &amp;mit</translation>
    </message>
    <message>
        <source>&amp;Delete the selected groups</source>
        <translation>Gewählte Gruppen &amp;löschen</translation>
    </message>
    <message>
        <source>&amp;Delete</source>
        <translation>&amp;Löschen</translation>
    </message>
    <message>
        <source>Merges (*.json)</source>
        <translation>Zusammenfassungen (*.json)</translation>
    </message>
    <message>
        <source>PICTURES, AND WHAT GETS OUT OF DATE</source>
        <translation>BILDER, UND WAS VERALTET</translation>
    </message>
    <message numerus="yes">
        <source>Show %n changed pictures</source>
        <translation>
            <numerusform>%n geändertes Bild zeigen</numerusform>
            <numerusform>%n geänderte Bilder zeigen</numerusform>
        </translation>
    </message>
    <message>
        <source>Show the changed picture</source>
        <translation>Das geänderte Bild zeigen</translation>
    </message>
    <message numerus="yes">
        <source>Show %n out-of-date pictures</source>
        <translation>
            <numerusform>%n veraltetes Bild zeigen</numerusform>
            <numerusform>%n veraltete Bilder zeigen</numerusform>
        </translation>
    </message>
    <message>
        <source>Show the out-of-date picture</source>
        <translation>Das veraltete Bild zeigen</translation>
    </message>
    <message>
        <source>Return to the shipped merges</source>
        <translation>Zurück zu den mitgelieferten Zusammenfassungen</translation>
    </message>
    <message>
        <source>Shown: %1</source>
        <translation>Gezeigt: %1</translation>
    </message>
    <message>
        <source>The merges that this project works with cannot be read, so the shipped ones are shown. Masks and phrases are all there. Return to the shipped merges, or go back to one of the versions on the right and apply it.</source>
        <translation>Die Zusammenfassungen, mit denen dieses Projekt arbeitet, lassen sich nicht lesen; gezeigt werden die mitgelieferten. Masken und Phrasen sind alle noch da. Kehren Sie zu den mitgelieferten zurück, oder gehen Sie rechts auf eine der Versionen zurück und wenden Sie sie an.</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::ModelList</name>
    <message>
        <source>Search</source>
        <translation>Suchen</translation>
    </message>
    <message>
        <source>Phrases</source>
        <translation>Phrasen</translation>
    </message>
    <message>
        <source>Masks from phrases</source>
        <translation>Masken nach Phrasen</translation>
    </message>
    <message>
        <source>Masks from points and boxes</source>
        <translation>Masken nach Punkten und Rechtecken</translation>
    </message>
    <message>
        <source>No task of the window by itself</source>
        <translation>Für sich keine Aufgabe im Fenster</translation>
    </message>
    <message>
        <source>Use</source>
        <translation>Benutzen</translation>
    </message>
    <message>
        <source>Import model…</source>
        <translation>Modell importieren…</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>Modelle</translation>
    </message>
    <message>
        <source>It does its task from now on; the window is made anew</source>
        <translation>Es übernimmt von nun an seine Aufgabe; das Fenster wird neu aufgebaut</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::NoticeBar</name>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::PartAdder</name>
    <message>
        <source>must not be there</source>
        <translation>darf nicht da sein</translation>
    </message>
    <message>
        <source>Add</source>
        <translation>Hinzufügen</translation>
    </message>
    <message>
        <source>A part of the query by hand</source>
        <translation>Ein Teil der Anfrage von Hand</translation>
    </message>
    <message>
        <source>Which part</source>
        <translation>Welcher Teil</translation>
    </message>
    <message>
        <source>What it looks like</source>
        <translation>Wie er aussieht</translation>
    </message>
    <message>
        <source>What it looks like: “a red jacket”</source>
        <translation>Wie er aussieht: „a red jacket“</translation>
    </message>
    <message>
        <source>Close without adding</source>
        <translation>Schließen, ohne hinzuzufügen</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::PartDelegate</name>
    <message>
        <source>Phrase of: %1</source>
        <translation>Phrase von: %1</translation>
    </message>
    <message>
        <source>Phrase, such as “a red jacket”</source>
        <translation>Phrase, etwa „a red jacket“</translation>
    </message>
    <message>
        <source>no phrase yet</source>
        <translation>noch keine Phrase</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::PartModel</name>
    <message>
        <source>1 piece</source>
        <translation>1 Stück</translation>
    </message>
    <message>
        <source>%1 pieces</source>
        <translation>%1 Stücke</translation>
    </message>
    <message>
        <source>%1, 1 hole</source>
        <translation>%1, 1 Loch</translation>
    </message>
    <message>
        <source>%1, %2 holes</source>
        <translation>%1, %2 Löcher</translation>
    </message>
    <message>
        <source>drawn by a person</source>
        <translation>von einem Menschen gezeichnet</translation>
    </message>
    <message>
        <source>taken by a person</source>
        <translation>von einem Menschen übernommen</translation>
    </message>
    <message>
        <source>IoU %1</source>
        <translation>IoU %1</translation>
    </message>
    <message>
        <source>%1 % area</source>
        <translation>%1 % der Fläche</translation>
    </message>
    <message>
        <source>phrase by a person</source>
        <translation>Phrase von einem Menschen</translation>
    </message>
    <message>
        <source>%1: %2, score %3, %4</source>
        <translation>%1: %2, Wert %3, %4</translation>
    </message>
    <message>
        <source>no phrase yet</source>
        <translation>noch keine Phrase</translation>
    </message>
    <message>
        <source>locked</source>
        <translation>gesperrt</translation>
    </message>
    <message>
        <source>not locked</source>
        <translation>nicht gesperrt</translation>
    </message>
    <message>
        <source>%1. IoU is how well the model expects its mask to fit. Point at it to light it up; a click chooses it for the tools, a double click edits the phrase. The eye (or Space) shows and hides it, alone with Alt; the lock keeps it as it is.</source>
        <translation>%1. IoU ist, wie gut das Modell seine Maske einschätzt. Zeigen Sie darauf, um den Teil hervorzuheben; ein Klick wählt ihn für die Werkzeuge, ein Doppelklick bearbeitet die Phrase. Das Auge (oder die Leertaste) zeigt und verbirgt ihn, mit Alt allein; das Schloss lässt ihn, wie er ist.</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::PathList</name>
    <message>
        <source>Remove</source>
        <translation>Entfernen</translation>
    </message>
    <message>
        <source>Add folder…</source>
        <translation>Ordner hinzufügen…</translation>
    </message>
    <message>
        <source>Add files…</source>
        <translation>Dateien hinzufügen…</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::PathRow</name>
    <message>
        <source>Reset</source>
        <translation>Zurücksetzen</translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation>Auswählen…</translation>
    </message>
    <message>
        <source>Choose: %1</source>
        <translation>Auswählen: %1</translation>
    </message>
    <message>
        <source>Reset: %1</source>
        <translation>Zurücksetzen: %1</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::PictureCanvas</name>
    <message>
        <source>Picture with part masks</source>
        <translation>Bild mit Masken der Teile</translation>
    </message>
    <message>
        <source>Choose a part first: 1 to 9, or L to find one by its name.</source>
        <translation>Wählen Sie zuerst einen Teil: 1 bis 9, oder L, um ihn nach seinem Namen zu finden.</translation>
    </message>
    <message>
        <source>This part is locked.</source>
        <translation>Dieser Teil ist gesperrt.</translation>
    </message>
    <message>
        <source>The mask does not fit the picture: segment it again.</source>
        <translation>Die Maske passt nicht zum Bild: Segmentieren Sie es erneut.</translation>
    </message>
    <message>
        <source>A polygon needs three corners.</source>
        <translation>Ein Polygon braucht drei Ecken.</translation>
    </message>
    <message>
        <source>There is no piece of this part here.</source>
        <translation>Hier ist kein Stück dieses Teils.</translation>
    </message>
    <message>
        <source>This place is not enclosed by the part.</source>
        <translation>Diese Stelle ist nicht vom Teil umschlossen.</translation>
    </message>
    <message>
        <source>There is no part here.</source>
        <translation>Hier ist kein Teil.</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::PictureStrip</name>
    <message>
        <source>Ranked pictures</source>
        <translation>Geordnete Bilder</translation>
    </message>
    <message>
        <source>The picture cannot be read</source>
        <translation>Das Bild kann nicht gelesen werden</translation>
    </message>
    <message>
        <source>Click to open it in the viewer</source>
        <translation>Klicken, um es im Betrachter zu öffnen</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::PreviewStrip</name>
    <message>
        <source>Pictures before and after</source>
        <translation>Bilder vorher und nachher</translation>
    </message>
    <message>
        <source>%1: %2. %3</source>
        <translation>%1: %2. %3</translation>
    </message>
    <message>
        <source>changes</source>
        <translation>ändert sich</translation>
    </message>
    <message>
        <source>stays as it is</source>
        <translation>bleibt, wie es ist</translation>
    </message>
    <message>
        <source>from the true label map</source>
        <translation>aus der wahren Labelkarte</translation>
    </message>
    <message>
        <source>Looking at the pictures…</source>
        <translation>Die Bilder werden angesehen…</translation>
    </message>
    <message>
        <source>same</source>
        <translation>gleich</translation>
    </message>
    <message>
        <source>exact</source>
        <translation>genau</translation>
    </message>
    <message>
        <source>from masks</source>
        <translation>aus Masken</translation>
    </message>
    <message>
        <source>From the true label map</source>
        <translation>Aus der wahren Labelkarte</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::ProjectPanel</name>
    <message>
        <source>Prepare all</source>
        <translation>Alles vorbereiten</translation>
    </message>
    <message>
        <source>Segment, write phrases and embed, in this order. What is done already is not done again.</source>
        <translation>Segmentieren, Phrasen schreiben und einbetten, in dieser Reihenfolge. Was schon getan ist, wird nicht noch einmal getan.</translation>
    </message>
    <message>
        <source>Pictures</source>
        <translation>Bilder</translation>
    </message>
    <message>
        <source>Import…</source>
        <translation>Importieren…</translation>
    </message>
    <message>
        <source>Parts</source>
        <translation>Teile</translation>
    </message>
    <message>
        <source>Segment</source>
        <translation>Segmentieren</translation>
    </message>
    <message>
        <source>Phrases</source>
        <translation>Phrasen</translation>
    </message>
    <message>
        <source>Write phrases</source>
        <translation>Schreiben</translation>
    </message>
    <message>
        <source>Searchable</source>
        <translation>Suchbar</translation>
    </message>
    <message>
        <source>Embed</source>
        <translation>Einbetten</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <translation>%1 von %2</translation>
    </message>
    <message>
        <source>Working…</source>
        <translation>In Arbeit…</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::ProjectSession</name>
    <message>
        <source> · frame %1</source>
        <translation> · Einzelbild %1</translation>
    </message>
    <message>
        <source>Another window has this project open (process %1 on %2). What is changed there shows up here; to change it here, close the other window and open the project again.</source>
        <translation>Ein anderes Fenster hat dieses Projekt geöffnet (Prozess %1 auf %2). Was dort geändert wird, erscheint auch hier; um es hier zu ändern, schließen Sie das andere Fenster, und öffnen Sie das Projekt erneut.</translation>
    </message>
    <message>
        <source>Nothing can be written in “%1”: it is open for reading only. To change it, copy the project to a disk that you may write, or change the permissions of the folder.</source>
        <translation>In „%1“ kann nichts geschrieben werden: Es ist nur zum Lesen geöffnet. Um es zu ändern, kopieren Sie das Projekt auf einen Datenträger, den Sie beschreiben dürfen, oder ändern Sie die Rechte des Ordners.</translation>
    </message>
    <message>
        <source>Make the demo project</source>
        <translation>Demoprojekt anlegen</translation>
    </message>
    <message>
        <source>new pictures: %1</source>
        <translation>neue Bilder: %1</translation>
    </message>
    <message>
        <source>Redo</source>
        <translation>Wiederherstellen</translation>
    </message>
    <message>
        <source>Undo</source>
        <translation>Rückgängig</translation>
    </message>
    <message>
        <source>Import</source>
        <translation>Importieren</translation>
    </message>
    <message>
        <source>, known already: %1</source>
        <translation>, schon bekannt: %1</translation>
    </message>
    <message>
        <source>Segment</source>
        <translation>Segmentieren</translation>
    </message>
    <message>
        <source>pictures: %1, parts: %2</source>
        <translation>Bilder: %1, Teile: %2</translation>
    </message>
    <message>
        <source>Write phrases</source>
        <translation>Phrasen schreiben</translation>
    </message>
    <message>
        <source>phrases: %1</source>
        <translation>Phrasen: %1</translation>
    </message>
    <message>
        <source>Embed</source>
        <translation>Einbetten</translation>
    </message>
    <message>
        <source>pictures: %1</source>
        <translation>Bilder: %1</translation>
    </message>
    <message>
        <source>The picture itself cannot be shown: %1
Put the file back where it was, or import it from its new place. Its masks and phrases are kept.</source>
        <translation>Das Bild selbst kann nicht gezeigt werden: %1
Legen Sie die Datei dorthin zurück, wo sie war, oder importieren Sie sie von ihrem neuen Ort. Ihre Masken und Phrasen bleiben erhalten.</translation>
    </message>
    <message>
        <source>model %1</source>
        <translation>Modell %1</translation>
    </message>
    <message>
        <source>The mask of “%1” is made for a picture of %2 × %3 and is not shown; the others are. Segment the picture again to replace it.</source>
        <translation>Die Maske von „%1“ ist für ein Bild von %2 × %3 gemacht und wird nicht gezeigt; die anderen schon. Segmentieren Sie das Bild erneut, um sie zu ersetzen.</translation>
    </message>
    <message>
        <source>The mask of “%1” is damaged and is not shown; the others are. Segment the picture again to replace it. (%2)</source>
        <translation>Die Maske von „%1“ ist beschädigt und wird nicht gezeigt; die anderen schon. Das Bild neu segmentieren ersetzt sie. (%2)</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::PromptsPage</name>
    <message>
        <source>Try them</source>
        <translation>Ausprobieren</translation>
    </message>
    <message>
        <source>Add a template</source>
        <translation>Vorlage hinzufügen</translation>
    </message>
    <message>
        <source>Remove the template</source>
        <translation>Vorlage entfernen</translation>
    </message>
    <message>
        <source>Write phrases</source>
        <translation>Phrasen schreiben</translation>
    </message>
    <message>
        <source>Use it</source>
        <translation>Verwenden</translation>
    </message>
    <message>
        <source>Part groups and their prompts</source>
        <translation>Gruppen von Teilen und ihre Prompts</translation>
    </message>
    <message>
        <source>Experiment</source>
        <translation>Versuch</translation>
    </message>
    <message>
        <source>Crops of the sample</source>
        <translation>Ausschnitte der Stichprobe</translation>
    </message>
    <message>
        <source>Seed of the sample</source>
        <translation>Startwert der Stichprobe</translation>
    </message>
    <message>
        <source>The same seed draws the same regions.</source>
        <translation>Derselbe Startwert zieht dieselben Bereiche.</translation>
    </message>
    <message>
        <source>Model A</source>
        <translation>Modell A</translation>
    </message>
    <message>
        <source>Model B, to compare with</source>
        <translation>Modell B, zum Vergleich</translation>
    </message>
    <message>
        <source>all regions</source>
        <translation>alle Bereiche</translation>
    </message>
    <message>
        <source> regions</source>
        <translation> Bereiche</translation>
    </message>
    <message>
        <source>How many regions get a phrase</source>
        <translation>Wie viele Bereiche eine Phrase bekommen</translation>
    </message>
    <message>
        <source>Outdated phrases first. Phrases of people stay.</source>
        <translation>Veraltete Phrasen zuerst. Phrasen von Menschen bleiben.</translation>
    </message>
    <message>
        <source>Use the template, and write phrases with it for so many regions</source>
        <translation>Die Vorlage verwenden und mit ihr für so viele Bereiche Phrasen schreiben</translation>
    </message>
    <message>
        <source>GROUPS</source>
        <translation>GRUPPEN</translation>
    </message>
    <message>
        <source>TEMPLATE</source>
        <translation>VORLAGE</translation>
    </message>
    <message>
        <source>The template</source>
        <translation>Die Vorlage</translation>
    </message>
    <message>
        <source>The chosen cell</source>
        <translation>Die gewählte Zelle</translation>
    </message>
    <message>
        <source>Prompt lab</source>
        <translation>Promptlabor</translation>
    </message>
    <message>
        <source>Try the templates</source>
        <translation>Vorlagen ausprobieren</translation>
    </message>
    <message>
        <source>Write a phrase in every cell of the matrix</source>
        <translation>In jede Zelle der Matrix eine Phrase schreiben</translation>
    </message>
    <message>
        <source>Stop trying</source>
        <translation>Ausprobieren anhalten</translation>
    </message>
    <message>
        <source>What is written stays</source>
        <translation>Was geschrieben ist, bleibt</translation>
    </message>
    <message>
        <source>A copy of the current one</source>
        <translation>Eine Kopie der jetzigen</translation>
    </message>
    <message>
        <source>Takes the row out of the matrix</source>
        <translation>Nimmt die Zeile aus der Matrix</translation>
    </message>
    <message>
        <source>Go to the best template</source>
        <translation>Zur besten Vorlage</translation>
    </message>
    <message>
        <source>The row with the fewest phrases that anything can be held against</source>
        <translation>Die Zeile mit den wenigsten Phrasen, gegen die etwas spricht</translation>
    </message>
    <message>
        <source>Use the template</source>
        <translation>Vorlage verwenden</translation>
    </message>
    <message>
        <source>The project writes phrases with it from now on</source>
        <translation>Das Projekt schreibt von nun an Phrasen mit ihr</translation>
    </message>
    <message>
        <source>Use the template and write phrases</source>
        <translation>Vorlage verwenden und Phrasen schreiben</translation>
    </message>
    <message>
        <source>For as many regions as are set, outdated ones first</source>
        <translation>Für so viele Bereiche, wie eingestellt sind, veraltete zuerst</translation>
    </message>
    <message>
        <source>Back to the shipped templates</source>
        <translation>Zurück zu den mitgelieferten Vorlagen</translation>
    </message>
    <message>
        <source>For all groups; can be undone</source>
        <translation>Für alle Gruppen; lässt sich rückgängig machen</translation>
    </message>
    <message>
        <source>The lab cannot be shown</source>
        <translation>Das Labor kann nicht gezeigt werden</translation>
    </message>
    <message>
        <source>no prompt yet</source>
        <translation>noch kein Prompt</translation>
    </message>
    <message>
        <source>%1
%2 regions, %3 without a phrase of this template, %4 with the phrase of a person</source>
        <translation>%1
%2 Bereiche, %3 ohne Phrase dieser Vorlage, %4 mit der Phrase eines Menschen</translation>
    </message>
    <message>
        <source>%1: %2</source>
        <translation>%1: %2</translation>
    </message>
    <message>
        <source>My templates</source>
        <translation>Meine Vorlagen</translation>
    </message>
    <message>
        <source>no second model</source>
        <translation>kein zweites Modell</translation>
    </message>
    <message>
        <source>A second model gets a column beside each of the first</source>
        <translation>Ein zweites Modell bekommt neben jeder Spalte des ersten eine eigene</translation>
    </message>
    <message>
        <source>There is only one phrase model. “sapsam models import” brings others.</source>
        <translation>Es gibt nur ein Modell für Phrasen. „sapsam models import“ bringt andere.</translation>
    </message>
    <message>
        <source>Trial of %1</source>
        <translation>Probe von %1</translation>
    </message>
    <message>
        <source>Shipped</source>
        <translation>Mitgeliefert</translation>
    </message>
    <message>
        <source>In use</source>
        <translation>In Gebrauch</translation>
    </message>
    <message>
        <source>With its colour</source>
        <translation>Mit ihrer Farbe</translation>
    </message>
    <message>
        <source>Template %1</source>
        <translation>Vorlage %1</translation>
    </message>
    <message>
        <source>No model writes phrases</source>
        <translation>Kein Modell schreibt Phrasen</translation>
    </message>
    <message>
        <source>No region of this group yet</source>
        <translation>Noch kein Bereich dieser Gruppe</translation>
    </message>
    <message>
        <source>These templates cannot be tried</source>
        <translation>Diese Vorlagen können nicht probiert werden</translation>
    </message>
    <message>
        <source>Segment</source>
        <translation>Segmentieren</translation>
    </message>
    <message>
        <source>Try prompts for %1</source>
        <translation>Prompts für %1 ausprobieren</translation>
    </message>
    <message>
        <source>Try prompts</source>
        <translation>Prompts ausprobieren</translation>
    </message>
    <message numerus="yes">
        <source> %n phrase(s) of people stay.</source>
        <translation>
            <numerusform>  %n Phrase eines Menschen bleibt.</numerusform>
            <numerusform>  %n Phrasen von Menschen bleiben.</numerusform>
        </translation>
    </message>
    <message>
        <source>“%1”: every region has a phrase of it.</source>
        <translation>„%1“: Jeder Bereich hat eine Phrase von ihr.</translation>
    </message>
    <message>
        <source>“%1”: %2 regions to write, about %3.</source>
        <translation>„%1“: %2 Bereiche zu schreiben, etwa %3.</translation>
    </message>
    <message>
        <source>“%1”: %2 regions to write. Try it first to learn how long that takes.</source>
        <translation>„%1“: %2 Bereiche zu schreiben. Probieren Sie sie zuerst aus, um zu erfahren, wie lange das dauert.</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Anhalten</translation>
    </message>
    <message>
        <source>Use for %1</source>
        <translation>Für %1 verwenden</translation>
    </message>
    <message>
        <source>Write phrases for %1</source>
        <translation>Phrasen für %1 schreiben</translation>
    </message>
    <message>
        <source>%1 of %2 regions got no phrase; the first: %3</source>
        <translation>%1 von %2 Bereichen bekamen keine Phrase; der erste: %3</translation>
    </message>
    <message>
        <source>Reading the project…</source>
        <translation>Das Projekt wird gelesen…</translation>
    </message>
    <message>
        <source>crops </source>
        <translation>Ausschnitte </translation>
    </message>
    <message>
        <source>seed </source>
        <translation>Startwert </translation>
    </message>
    <message>
        <source>Delete the trial</source>
        <translation>Versuch löschen</translation>
    </message>
    <message>
        <source>The chosen one with its phrases; can be undone</source>
        <translation>Den gewählten mit seinen Phrasen; lässt sich zurücknehmen</translation>
    </message>
    <message>
        <source>Delete: %1</source>
        <translation>Löschen: %1</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::QueryBar</name>
    <message>
        <source>Search</source>
        <translation>Suchen</translation>
    </message>
    <message>
        <source>Description of the person to look for</source>
        <translation>Beschreibung der gesuchten Person</translation>
    </message>
    <message>
        <source>Describe a person: a woman in a red jacket and blue jeans</source>
        <translation>Beschreiben Sie eine Person: a woman in a red jacket and blue jeans</translation>
    </message>
    <message>
        <source>Searching…</source>
        <translation>Suche läuft…</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::QueryChip</name>
    <message>
        <source>Take it out of the query</source>
        <translation>Aus der Anfrage nehmen</translation>
    </message>
    <message>
        <source>Take out: %1</source>
        <translation>Herausnehmen: %1</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::ReliabilityChart</name>
    <message>
        <source>Reliability diagram</source>
        <translation>Verlässlichkeitsdiagramm</translation>
    </message>
    <message>
        <source>said %1 %, were %2 %</source>
        <translation>gesagt %1 %, waren %2 %</translation>
    </message>
    <message>
        <source>said, %</source>
        <translation>gesagt, %</translation>
    </message>
    <message>
        <source>were matches, %</source>
        <translation>waren Treffer, %</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::SamplesView</name>
    <message>
        <source>Samples of which step</source>
        <translation>Beispiele welches Schritts</translation>
    </message>
    <message>
        <source>Step</source>
        <translation>Schritt</translation>
    </message>
    <message>
        <source>Samples</source>
        <translation>Beispiele</translation>
    </message>
    <message>
        <source>Nothing has been kept yet: every evaluation keeps a few predictions.</source>
        <translation>Noch nichts aufgehoben: Jede Auswertung hebt einige Vorhersagen auf.</translation>
    </message>
    <message>
        <source>Left what is right, on the right what the model said.</source>
        <translation>Links, was richtig ist, rechts, was das Modell sagt.</translation>
    </message>
    <message>
        <source>What is right</source>
        <translation>Was richtig ist</translation>
    </message>
    <message>
        <source>What the model said</source>
        <translation>Was das Modell sagt</translation>
    </message>
    <message>
        <source>right: %1</source>
        <translation>richtig: %1</translation>
    </message>
    <message>
        <source>said: %1</source>
        <translation>gesagt: %1</translation>
    </message>
    <message>
        <source>✓ right</source>
        <translation>✓ richtig</translation>
    </message>
    <message>
        <source>✗ wrong</source>
        <translation>✗ falsch</translation>
    </message>
    <message>
        <source>rank %1</source>
        <translation>Rang %1</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::SavedLabel</name>
    <message>
        <source>Saved state</source>
        <translation>Stand der Speicherung</translation>
    </message>
    <message>
        <source>All changes saved · %1</source>
        <translation>Alle Änderungen gespeichert · %1</translation>
    </message>
    <message>
        <source>Everything is stored as soon as it is made; there is no Save.</source>
        <translation>Alles wird gespeichert, sobald es entsteht; es gibt kein Speichern.</translation>
    </message>
    <message>
        <source>Not everything could be saved</source>
        <translation>Nicht alles konnte gespeichert werden</translation>
    </message>
    <message>
        <source>Read only</source>
        <translation>Nur lesbar</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::SearchPage</name>
    <message>
        <source>Ranked people</source>
        <translation>Geordnete Personen</translation>
    </message>
    <message>
        <source>The selected person</source>
        <translation>Die gewählte Person</translation>
    </message>
    <message>
        <source>Earlier searches</source>
        <translation>Frühere Suchen</translation>
    </message>
    <message>
        <source>EARLIER SEARCHES</source>
        <translation>FRÜHERE SUCHEN</translation>
    </message>
    <message>
        <source>Describe a person</source>
        <translation>Beschreiben Sie eine Person</translation>
    </message>
    <message>
        <source>Type what somebody looks like in the box above, such as “a woman in a red jacket without a hat”. A picture can be dropped or pasted here, too.</source>
        <translation>Geben Sie oben ein, wie jemand aussieht, etwa „a woman in a red jacket without a hat“. Auch ein Bild lässt sich hierher ziehen oder einfügen.</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>Suchen</translation>
    </message>
    <message>
        <source>Relevant: more of this kind</source>
        <translation>Zutreffend: mehr dieser Art</translation>
    </message>
    <message>
        <source>Not relevant: less of this kind</source>
        <translation>Nicht zutreffend: weniger dieser Art</translation>
    </message>
    <message>
        <source>More like this person</source>
        <translation>Mehr wie diese Person</translation>
    </message>
    <message>
        <source>Open in the viewer</source>
        <translation>Im Betrachter öffnen</translation>
    </message>
    <message>
        <source>Back to the search before</source>
        <translation>Zurück zur vorigen Suche</translation>
    </message>
    <message>
        <source>Forward to the next search</source>
        <translation>Weiter zur nächsten Suche</translation>
    </message>
    <message>
        <source>Search with a picture…</source>
        <translation>Mit einem Bild suchen…</translation>
    </message>
    <message>
        <source>Search with a picture</source>
        <translation>Mit einem Bild suchen</translation>
    </message>
    <message>
        <source>Search with the picture of the clipboard</source>
        <translation>Mit dem Bild der Zwischenablage suchen</translation>
    </message>
    <message>
        <source>Save the search…</source>
        <translation>Suche speichern…</translation>
    </message>
    <message>
        <source>Save the search</source>
        <translation>Suche speichern</translation>
    </message>
    <message>
        <source>Searches (*.sapsamq)</source>
        <translation>Suchen (*.sapsamq)</translation>
    </message>
    <message>
        <source>Open a saved search…</source>
        <translation>Gespeicherte Suche öffnen…</translation>
    </message>
    <message>
        <source>Open a saved search</source>
        <translation>Gespeicherte Suche öffnen</translation>
    </message>
    <message>
        <source>Export the ranking…</source>
        <translation>Rangfolge exportieren…</translation>
    </message>
    <message>
        <source>Export the ranking</source>
        <translation>Rangfolge exportieren</translation>
    </message>
    <message>
        <source>Table (*.csv);;Sheet (*.html);;TREC (*.trec)</source>
        <translation>Tabelle (*.csv);;Bogen (*.html);;TREC (*.trec)</translation>
    </message>
    <message>
        <source>Searching after “%1”…</source>
        <translation>Gesucht wird nach „%1“…</translation>
    </message>
    <message>
        <source>Searching…</source>
        <translation>Suche läuft…</translation>
    </message>
    <message>
        <source>%1 of %2 people · encoded in %3 ms, ranked in %4 ms · %5</source>
        <translation>%1 von %2 Personen · kodiert in %3 ms, geordnet in %4 ms · %5</translation>
    </message>
    <message>
        <source>No line for “probably no match”: %1</source>
        <translation>Keine Grenze für „wahrscheinlich kein Treffer“: %1</translation>
    </message>
    <message>
        <source>Nobody found</source>
        <translation>Niemand gefunden</translation>
    </message>
    <message>
        <source>Nothing to search in yet</source>
        <translation>Noch nichts zu durchsuchen</translation>
    </message>
    <message>
        <source>The features cannot be used</source>
        <translation>Die Merkmale können nicht verwendet werden</translation>
    </message>
    <message>
        <source>Embed now</source>
        <translation>Jetzt einbetten</translation>
    </message>
    <message>
        <source>Embed again</source>
        <translation>Erneut einbetten</translation>
    </message>
    <message>
        <source>The ranking is as it was saved.</source>
        <translation>Die Rangfolge ist wie gespeichert.</translation>
    </message>
    <message>
        <source>Not as it was saved: %1.</source>
        <translation>Nicht wie gespeichert: %1.</translation>
    </message>
    <message>
        <source>this model is not calibrated; `sapsam calibrate` does it.</source>
        <translation>dieses Modell ist nicht kalibriert; `sapsam calibrate` tut es.</translation>
    </message>
    <message>
        <source>the scores of this model say too little.</source>
        <translation>die Bewertungen dieses Modells sagen zu wenig.</translation>
    </message>
    <message>
        <source>scores of pictures, judgements and denials alone are not calibrated.</source>
        <translation>Bewertungen von Bildern, Urteilen und bloßen Verneinungen sind nicht kalibriert.</translation>
    </message>
    <message>
        <source>scores re-ranked by parts are not calibrated.</source>
        <translation>nach Teilen neu geordnete Bewertungen sind nicht kalibriert.</translation>
    </message>
    <message>
        <source>only scores re-ranked by parts are calibrated.</source>
        <translation>nur nach Teilen neu geordnete Bewertungen sind kalibriert.</translation>
    </message>
    <message>
        <source>the calibration holds for %1; this description has %2.</source>
        <translation>die Kalibrierung gilt für %1; diese Beschreibung hat %2.</translation>
    </message>
    <message>
        <source>What is a score worth?</source>
        <translation>Was ist eine Bewertung wert?</translation>
    </message>
    <message>
        <source>+ Part</source>
        <translation>+ Teil</translation>
    </message>
    <message>
        <source>Add a part to the query: which one, and what it looks like</source>
        <translation>Fügt der Anfrage einen Teil hinzu: welcher, und wie er aussieht</translation>
    </message>
    <message>
        <source>Share of the picture in the score</source>
        <translation>Anteil des Bildes an der Bewertung</translation>
    </message>
    <message>
        <source>How much the picture counts beside the description</source>
        <translation>Wie viel das Bild neben der Beschreibung zählt</translation>
    </message>
    <message>
        <source>picture %1 %</source>
        <translation>Bild %1 %</translation>
    </message>
    <message>
        <source>Text</source>
        <translation>Text</translation>
    </message>
    <message>
        <source>Picture</source>
        <translation>Bild</translation>
    </message>
    <message>
        <source>as measured</source>
        <translation>wie gemessen</translation>
    </message>
    <message>
        <source>on</source>
        <translation>an</translation>
    </message>
    <message>
        <source>off</source>
        <translation>aus</translation>
    </message>
    <message>
        <source>Re-rank by parts</source>
        <translation>Nach Teilen neu ordnen</translation>
    </message>
    <message>
        <source>Whether the phrases of the parts change the order, or explain it only. “As measured”: as it was better on a labelled set.</source>
        <translation>Ob die Phrasen der Teile die Reihenfolge ändern oder nur erklären. „Wie gemessen“: wie es auf bekannten Daten besser war.</translation>
    </message>
    <message>
        <source>Filter the search</source>
        <translation>Die Suche filtern</translation>
    </message>
    <message>
        <source>Add a part to the query…</source>
        <translation>Der Anfrage einen Teil hinzufügen…</translation>
    </message>
    <message>
        <source>Re-rank by parts: on or off</source>
        <translation>Nach Teilen neu ordnen: an oder aus</translation>
    </message>
    <message>
        <source>What is a score worth?…</source>
        <translation>Was ist eine Bewertung wert?…</translation>
    </message>
    <message>
        <source>No picture of the project is embedded.</source>
        <translation>Kein Bild des Projekts ist eingebettet.</translation>
    </message>
    <message>
        <source>No embedded picture fits the filter “%1”.</source>
        <translation>Kein eingebettetes Bild passt zum Filter „%1“.</translation>
    </message>
    <message>
        <source>Probably no match: no hit reaches the score of %1 (calibrated for %2; error %3 %).</source>
        <translation>Wohl kein Treffer: Kein Bild erreicht die Bewertung %1 (kalibriert für %2; Fehler %3 %).</translation>
    </message>
    <message>
        <source>Probable matches: the first %1; below the score of %2 probably no match (calibrated for %3; error %4 %).</source>
        <translation>Wahrscheinliche Treffer: die ersten %1; unter der Bewertung %2 wohl kein Treffer (kalibriert für %3; Fehler %4 %).</translation>
    </message>
    <message>
        <source>whether that helps was not measured for this model</source>
        <translation>ob das hilft, wurde für dieses Modell nicht gemessen</translation>
    </message>
    <message>
        <source>measured on %1 (%2 queries): mAP %3 by the cosine, %4 re-ranked</source>
        <translation>gemessen auf: %1 (%2 Anfragen): mAP %3 mit dem Kosinus, %4 neu geordnet</translation>
    </message>
    <message>
        <source>Re-ranked by parts; %1.</source>
        <translation>Nach Teilen neu geordnet; %1.</translation>
    </message>
    <message>
        <source>Parts explain, they do not re-rank; %1.</source>
        <translation>Teile erklären, sie ordnen nicht neu; %1.</translation>
    </message>
    <message>
        <source>probably no match below %1</source>
        <translation>wohl kein Treffer unter %1</translation>
    </message>
    <message>
        <source>As described, and like this person</source>
        <translation>Wie beschrieben und wie diese Person</translation>
    </message>
    <message>
        <source>%1 like in %2</source>
        <translation>%1 wie in %2</translation>
    </message>
    <message>
        <source>like %1</source>
        <translation>wie %1</translation>
    </message>
    <message>
        <source>picture %1</source>
        <translation>Bild %1</translation>
    </message>
    <message>
        <source>The picture that shows what is looked for; words compose with it</source>
        <translation>Das Bild, das zeigt, was gesucht wird; Worte kommen dazu</translation>
    </message>
    <message>
        <source>judged: %1 right, %2 wrong</source>
        <translation>beurteilt: %1 richtig, %2 falsch</translation>
    </message>
    <message>
        <source>Your judgements count; whether that helps was not measured for this model.</source>
        <translation>Ihre Urteile zählen; ob das hilft, wurde für dieses Modell nicht gemessen.</translation>
    </message>
    <message>
        <source>What you said of hits and their parts: what looks like the right ones rises, what looks like the wrong ones falls. Where everybody is on one picture only, there is nothing to learn.</source>
        <translation>Was Sie über Treffer und ihre Teile gesagt haben: Was den richtigen ähnelt, steigt, was den falschen ähnelt, fällt. Wo jeder nur auf einem Bild ist, gibt es nichts zu lernen.</translation>
    </message>
    <message>
        <source>Your judgements count; measured on %1: after %2 of them a right one is first for %3 %, without learning for %4 %.</source>
        <translation>Ihre Urteile zählen; gemessen an %1: nach %2 davon steht für %3 % ein richtiges Bild vorn, ohne Lernen für %4 %.</translation>
    </message>
    <message>
        <source>The description has %1 tokens, the model reads %2: the end was left out, shorten it</source>
        <translation>Die Beschreibung hat %1 Tokens, das Modell liest %2: Das Ende wurde weggelassen, kürzen Sie sie</translation>
    </message>
    <message>
        <source>The merges of the project have no part for “%1” (%2); only the words count</source>
        <translation>Die Zusammenfassungen des Projekts haben kein Teil für „%1“ (%2); nur die Wörter zählen</translation>
    </message>
    <message>
        <source>No garment or other part of a person was recognised in the description; it is compared as a whole</source>
        <translation>In der Beschreibung wurde kein Kleidungsstück oder anderes Teil einer Person erkannt; sie wird als Ganzes verglichen</translation>
    </message>
    <message>
        <source>“%1”</source>
        <translation>„%1“</translation>
    </message>
    <message>
        <source>The model does not know %1; it guesses from pieces of what is unknown</source>
        <translation>Das Modell kennt %1 nicht; es rät aus Bruchstücken dessen, was es nicht kennt</translation>
    </message>
    <message>
        <source>No part has been found on any picture, so nothing can be denied; find parts and write phrases first</source>
        <translation>Auf keinem Bild wurde ein Teil gefunden, also kann nichts verneint werden; finden Sie zuerst Teile und schreiben Sie Phrasen</translation>
    </message>
    <message numerus="yes">
        <source>%n phrase(s) were written after embedding and do not count; embed again</source>
        <translation>
            <numerusform>%n Phrase wurde nach dem Einbetten geschrieben und zählt nicht; betten Sie neu ein</numerusform>
            <numerusform>%n Phrasen wurden nach dem Einbetten geschrieben und zählen nicht; betten Sie neu ein</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n image(s) are not embedded and cannot be found; embed again</source>
        <translation>
            <numerusform>%n Bild ist nicht eingebettet und kann nicht gefunden werden; betten Sie neu ein</numerusform>
            <numerusform>%n Bilder sind nicht eingebettet und können nicht gefunden werden; betten Sie neu ein</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>sapsam::ui::SettingRow</name>
    <message>
        <source>on</source>
        <translation>an</translation>
    </message>
    <message>
        <source>(as the model has it)</source>
        <translation>(wie das Modell es hat)</translation>
    </message>
    <message>
        <source>Choose: %1</source>
        <translation>Auswählen: %1</translation>
    </message>
    <message>
        <source>Choose a file or folder</source>
        <translation>Datei oder Ordner wählen</translation>
    </message>
    <message>
        <source>%1
In files: %2. Default: %3.</source>
        <translation>%1
In Dateien: %2. Vorgabe: %3.</translation>
    </message>
    <message>
        <source>empty</source>
        <translation>leer</translation>
    </message>
    <message>
        <source>It is %1.</source>
        <translation>Es ist %1.</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::SettingsDialog</name>
    <message>
        <source>Settings</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>Search the settings</source>
        <translation>Einstellungen durchsuchen</translation>
    </message>
    <message>
        <source>Appearance</source>
        <translation>Erscheinungsbild</translation>
    </message>
    <message>
        <source>As the system</source>
        <translation>Wie das System</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>Hell</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>Dunkel</translation>
    </message>
    <message>
        <source>Colours</source>
        <translation>Farben</translation>
    </message>
    <message>
        <source>Light, dark, or whatever the desktop uses.</source>
        <translation>Hell, dunkel oder was die Arbeitsumgebung verwendet.</translation>
    </message>
    <message>
        <source> %</source>
        <translation> %</translation>
    </message>
    <message>
        <source>Size of the text</source>
        <translation>Größe der Schrift</translation>
    </message>
    <message>
        <source>Of all text in the window.</source>
        <translation>Aller Texte im Fenster.</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>Sprache</translation>
    </message>
    <message>
        <source>The window is made anew; the project stays open.</source>
        <translation>Das Fenster wird neu aufgebaut; das Projekt bleibt offen.</translation>
    </message>
    <message>
        <source>Gallery and viewer</source>
        <translation>Galerie und Betrachter</translation>
    </message>
    <message>
        <source>Size of the pictures</source>
        <translation>Größe der Bilder</translation>
    </message>
    <message>
        <source>In the gallery; Ctrl and the wheel do the same there.</source>
        <translation>In der Galerie; Strg und das Rad tun dort dasselbe.</translation>
    </message>
    <message>
        <source> MB</source>
        <translation> MB</translation>
    </message>
    <message>
        <source>Memory for thumbnails</source>
        <translation>Speicher für Vorschaubilder</translation>
    </message>
    <message>
        <source>More lets a large gallery scroll back without drawing pictures again.</source>
        <translation>Mehr lässt eine große Galerie zurückblättern, ohne Bilder neu zu zeichnen.</translation>
    </message>
    <message>
        <source>Opacity of the masks</source>
        <translation>Deckkraft der Masken</translation>
    </message>
    <message>
        <source>How much of the picture they cover.</source>
        <translation>Wie viel vom Bild sie verdecken.</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>Modelle</translation>
    </message>
    <message>
        <source>The program&apos;s own</source>
        <translation>Die des Programms</translation>
    </message>
    <message>
        <source>Folder of the models</source>
        <translation>Ordner der Modelle</translation>
    </message>
    <message>
        <source>A folder with manifest.json and the models. The window is made anew.</source>
        <translation>Ein Ordner mit manifest.json und den Modellen. Das Fenster wird neu aufgebaut.</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>Tasten</translation>
    </message>
    <message>
        <source>No setting has this in its name. Try another word.</source>
        <translation>Keine Einstellung hat das in ihrem Namen. Versuchen Sie ein anderes Wort.</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <source>Changes act at once.</source>
        <translation>Änderungen wirken sofort.</translation>
    </message>
    <message>
        <source>What is found, drawn and written with, and the models that could be used for it. Those in use are bold.</source>
        <translation>Womit gesucht, gezeichnet und geschrieben wird, und was dafür benutzt werden könnte. Was benutzt wird, ist fett.</translation>
    </message>
    <message>
        <source>Automatic</source>
        <translation>Automatisch</translation>
    </message>
    <message>
        <source>fp32: exact</source>
        <translation>fp32: genau</translation>
    </message>
    <message>
        <source>bf16: faster, rounded</source>
        <translation>bf16: schneller, gerundet</translation>
    </message>
    <message>
        <source>int8: least memory</source>
        <translation>int8: am wenigsten Speicher</translation>
    </message>
    <message>
        <source>Precision</source>
        <translation>Genauigkeit</translation>
    </message>
    <message>
        <source>How the models compute. int8 keeps the language model that writes phrases in 8 bits and everything else in bf16; some phrases come out differently. The window is made anew.</source>
        <translation>Wie die Modelle rechnen. int8 hält das Sprachmodell, das Phrasen schreibt, in 8 Bit und alles andere in bf16; manche Phrasen fallen anders aus. Das Fenster wird neu aufgebaut.</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::ShelfModel</name>
    <message>
        <source>%1 (in use)</source>
        <translation>%1 (benutzt)</translation>
    </message>
    <message>
        <source>Imported</source>
        <translation>Importiert</translation>
    </message>
    <message>
        <source>Shipped or chosen</source>
        <translation>Mitgeliefert oder gewählt</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>Modell</translation>
    </message>
    <message>
        <source>Used for</source>
        <translation>Aufgabe</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>From</source>
        <translation>Herkunft</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::ShiftChart</name>
    <message>
        <source>Queries by rank shift</source>
        <translation>Anfragen nach Rangverschiebung</translation>
    </message>
    <message>
        <source>← B is better</source>
        <translation>← B ist besser</translation>
    </message>
    <message>
        <source>B is worse →</source>
        <translation>B ist schlechter →</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::StartPage</name>
    <message>
        <source>Browse, filter, tag and compare every picture of the project.</source>
        <translation>Jedes Bild des Projekts ansehen, filtern, verschlagworten und vergleichen.</translation>
    </message>
    <message>
        <source>See and mend the part masks and phrases of one person.</source>
        <translation>Masken der Teile und Phrasen einer Person ansehen und verbessern.</translation>
    </message>
    <message>
        <source>Choose which labels belong together as one part.</source>
        <translation>Festlegen, welche Labels zusammen einen Teil bilden.</translation>
    </message>
    <message>
        <source>Try the questions that the phrase writer is asked.</source>
        <translation>Die Fragen ausprobieren, die dem Phrasenschreiber gestellt werden.</translation>
    </message>
    <message>
        <source>Describe a person, and see who matches and why.</source>
        <translation>Eine Person beschreiben und sehen, wer passt und warum.</translation>
    </message>
    <message>
        <source>Train models on your own pictures and watch them learn.</source>
        <translation>Modelle mit eigenen Bildern trainieren und beim Lernen zusehen.</translation>
    </message>
    <message>
        <source>Measure a model, and find where it fails and why.</source>
        <translation>Ein Modell messen und herausfinden, wo es scheitert und warum.</translation>
    </message>
    <message>
        <source>Open demo project</source>
        <translation>Demoprojekt öffnen</translation>
    </message>
    <message>
        <source>New project…</source>
        <translation>Neues Projekt…</translation>
    </message>
    <message>
        <source>Open project…</source>
        <translation>Projekt öffnen…</translation>
    </message>
    <message>
        <source>RECENT PROJECTS</source>
        <translation>ZULETZT GEÖFFNET</translation>
    </message>
    <message>
        <source>Find a person by a description</source>
        <translation>Eine Person nach einer Beschreibung finden</translation>
    </message>
    <message>
        <source>Import pictures of people, let the engine find their parts and write a phrase for each, then type what you remember. Everything stays on this computer.</source>
        <translation>Importieren Sie Bilder von Personen, lassen Sie die Engine ihre Teile finden und zu jedem eine Phrase schreiben, und geben Sie dann ein, woran Sie sich erinnern. Alles bleibt auf diesem Rechner.</translation>
    </message>
    <message>
        <source>You can also drop a project, or a folder of pictures, here.</source>
        <translation>Sie können auch ein Projekt oder einen Ordner mit Bildern hierher ziehen.</translation>
    </message>
    <message>
        <source>WHAT YOU CAN DO HERE</source>
        <translation>WAS SIE HIER TUN KÖNNEN</translation>
    </message>
    <message>
        <source>Ctrl+K finds every action by its name, F1 shows all keys.</source>
        <translation>Strg+K findet jede Aktion nach ihrem Namen, F1 zeigt alle Tasten.</translation>
    </message>
    <message>
        <source>Open %1</source>
        <translation>%1 öffnen</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::TemplateEditor</name>
    <message>
        <source>Jitter</source>
        <translation>Streuung</translation>
    </message>
    <message>
        <source>Pixels that a side of the crop may grow, drawn for each region. The published crops use 19.</source>
        <translation>Pixel, um die eine Seite des Ausschnitts wachsen darf, für jeden Bereich gezogen. Die veröffentlichten Ausschnitte nehmen 19.</translation>
    </message>
    <message>
        <source>Seed of the jitter</source>
        <translation>Startwert der Streuung</translation>
    </message>
    <message>
        <source>The same seed gives the same crops.</source>
        <translation>Derselbe Startwert gibt dieselben Ausschnitte.</translation>
    </message>
    <message>
        <source>Pad colour</source>
        <translation>Füllfarbe</translation>
    </message>
    <message>
        <source>Grey level outside of the region: 255 is white, as published.</source>
        <translation>Grauwert außerhalb des Bereichs: 255 ist Weiß, wie veröffentlicht.</translation>
    </message>
    <message>
        <source>Whole region</source>
        <translation>Ganzer Bereich</translation>
    </message>
    <message>
        <source>Beams</source>
        <translation>Beams</translation>
    </message>
    <message>
        <source>1 takes the likeliest word each time.</source>
        <translation>1 nimmt jedes Mal das wahrscheinlichste Wort.</translation>
    </message>
    <message>
        <source>Longest phrase in tokens</source>
        <translation>Längste Phrase in Token</translation>
    </message>
    <message>
        <source>The phrase is cut off after so many tokens.</source>
        <translation>Die Phrase wird nach so vielen Token abgeschnitten.</translation>
    </message>
    <message>
        <source>Shortest phrase in tokens</source>
        <translation>Kürzeste Phrase in Token</translation>
    </message>
    <message>
        <source>The phrase may not end before.</source>
        <translation>Die Phrase darf vorher nicht enden.</translation>
    </message>
    <message>
        <source>Length penalty</source>
        <translation>Längenmaß</translation>
    </message>
    <message>
        <source>With beams: above 1 prefers longer phrases, below 1 shorter ones.</source>
        <translation>Mit Beams: über 1 zieht längere Phrasen vor, unter 1 kürzere.</translation>
    </message>
    <message>
        <source>Repetition penalty</source>
        <translation>Wiederholungsmaß</translation>
    </message>
    <message>
        <source>Above 1 shuns words that have been written already.</source>
        <translation>Über 1 meidet Wörter, die schon geschrieben wurden.</translation>
    </message>
    <message>
        <source>Tokens that may not repeat</source>
        <translation>Token, die sich nicht wiederholen dürfen</translation>
    </message>
    <message>
        <source>No run of so many tokens comes twice; 0 allows all.</source>
        <translation>Keine Folge von so vielen Token kommt zweimal vor; 0 erlaubt alle.</translation>
    </message>
    <message>
        <source>Name of the template</source>
        <translation>Name der Vorlage</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>Prompt</source>
        <translation>Prompt</translation>
    </message>
    <message>
        <source>Question: What kind of {part} is this? Answer: It is</source>
        <translation>Question: What kind of {part} is this? Answer: It is</translation>
    </message>
    <message>
        <source>Visual prompt</source>
        <translation>Visueller Prompt</translation>
    </message>
    <message>
        <source>What the model is shown</source>
        <translation>Was dem Modell gezeigt wird</translation>
    </message>
    <message>
        <source>Off: the last column and row of the region are lost, as in the published crops.</source>
        <translation>Aus: Die letzte Spalte und Zeile des Bereichs gehen verloren, wie in den veröffentlichten Ausschnitten.</translation>
    </message>
    <message>
        <source>WHAT THE MODEL SEES</source>
        <translation>WAS DAS MODELL SIEHT</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>Startwert</translation>
    </message>
    <message>
        <source>DECODING</source>
        <translation>DEKODIERUNG</translation>
    </message>
    <message>
        <source>Longest</source>
        <translation>Höchstens</translation>
    </message>
    <message>
        <source>Shortest</source>
        <translation>Mindestens</translation>
    </message>
    <message>
        <source>No repeat of</source>
        <translation>Keine Wiederholung von</translation>
    </message>
    <message>
        <source>%1 of %2 tokens</source>
        <translation>%1 von %2 Token</translation>
    </message>
    <message numerus="yes">
        <source>%n token(s)</source>
        <translation>
            <numerusform>%n Token</numerusform>
            <numerusform>%n Token</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>sapsam::ui::TemplateHeader</name>
    <message>
        <source>%1 ms</source>
        <translation>%1 ms</translation>
    </message>
    <message>
        <source>%1 s</source>
        <translation>%1 s</translation>
    </message>
    <message>
        <source>Templates and their statistics</source>
        <translation>Vorlagen und ihre Statistik</translation>
    </message>
    <message>
        <source>best</source>
        <translation>beste</translation>
    </message>
    <message>
        <source>best, A</source>
        <translation>beste, A</translation>
    </message>
    <message>
        <source>best, B</source>
        <translation>beste, B</translation>
    </message>
    <message>
        <source>in use</source>
        <translation>in Gebrauch</translation>
    </message>
    <message>
        <source>(no words)</source>
        <translation>(keine Wörter)</translation>
    </message>
    <message>
        <source>nothing against it</source>
        <translation>nichts spricht dagegen</translation>
    </message>
    <message>
        <source>names a colour</source>
        <translation>nennt eine Farbe</translation>
    </message>
    <message>
        <source>distinct</source>
        <translation>verschieden</translation>
    </message>
    <message>
        <source>contradicts the pixels</source>
        <translation>widerspricht den Pixeln</translation>
    </message>
    <message>
        <source>another part</source>
        <translation>anderer Teil</translation>
    </message>
    <message>
        <source>echo · loop</source>
        <translation>Echo · Schleife</translation>
    </message>
    <message>
        <source>plain</source>
        <translation>nichtssagend</translation>
    </message>
    <message>
        <source>words</source>
        <translation>Wörter</translation>
    </message>
    <message>
        <source>time for a phrase</source>
        <translation>Zeit je Phrase</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::TermChip</name>
    <message>
        <source>%1: %2</source>
        <translation>%1: %2</translation>
    </message>
    <message>
        <source>Search for “%1”</source>
        <translation>Suche nach „%1“</translation>
    </message>
    <message>
        <source>NOT</source>
        <translation>NICHT</translation>
    </message>
    <message>
        <source>The part must not be there</source>
        <translation>Der Teil darf nicht vorkommen</translation>
    </message>
    <message>
        <source>“%1” must not be there</source>
        <translation>„%1“ darf nicht vorkommen</translation>
    </message>
    <message>
        <source>Weight of “%1”</source>
        <translation>Gewicht von „%1“</translation>
    </message>
    <message>
        <source>Weight: 1 as said, 0 left out, 2 twice as important</source>
        <translation>Gewicht: 1 wie gesagt, 0 weggelassen, 2 doppelt so wichtig</translation>
    </message>
    <message>
        <source>Take the part out of the query</source>
        <translation>Nimmt den Teil aus der Anfrage</translation>
    </message>
    <message>
        <source>Take “%1” out</source>
        <translation>„%1“ herausnehmen</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::ThumbnailGrid</name>
    <message>
        <source>Gallery</source>
        <translation>Galerie</translation>
    </message>
    <message>
        <source>Unreadable</source>
        <translation>Unlesbar</translation>
    </message>
    <message>
        <source>best</source>
        <translation>bestes</translation>
    </message>
    <message>
        <source>copy</source>
        <translation>Kopie</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::TrainingDialog</name>
    <message>
        <source>Advanced settings</source>
        <translation>Erweiterte Einstellungen</translation>
    </message>
    <message>
        <source>Processes</source>
        <translation>Prozesse</translation>
    </message>
    <message>
        <source>Options of sbatch</source>
        <translation>Optionen von sbatch</translation>
    </message>
    <message>
        <source>Measure memory and time</source>
        <translation>Speicher und Zeit messen</translation>
    </message>
    <message>
        <source>Add to queue</source>
        <translation>In die Warteschlange</translation>
    </message>
    <message>
        <source>Start</source>
        <translation>Starten</translation>
    </message>
    <message>
        <source>New training run</source>
        <translation>Neuer Trainingslauf</translation>
    </message>
    <message>
        <source>What is trained</source>
        <translation>Was trainiert wird</translation>
    </message>
    <message>
        <source>Preset</source>
        <translation>Vorlage</translation>
    </message>
    <message>
        <source>Find a setting</source>
        <translation>Einstellung suchen</translation>
    </message>
    <message>
        <source>Train</source>
        <translation>Trainieren</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>This machine</source>
        <translation>Dieser Rechner</translation>
    </message>
    <message>
        <source>Several processes here</source>
        <translation>Mehrere Prozesse hier</translation>
    </message>
    <message>
        <source>A cluster with Slurm</source>
        <translation>Ein Cluster mit Slurm</translation>
    </message>
    <message>
        <source>Where it runs</source>
        <translation>Wo er läuft</translation>
    </message>
    <message>
        <source>chosen by itself</source>
        <translation>selbst gewählt</translation>
    </message>
    <message>
        <source>processor</source>
        <translation>Prozessor</translation>
    </message>
    <message>
        <source>first CUDA card</source>
        <translation>erste CUDA-Karte</translation>
    </message>
    <message>
        <source>Device</source>
        <translation>Gerät</translation>
    </message>
    <message>
        <source>all cores</source>
        <translation>alle Kerne</translation>
    </message>
    <message>
        <source>Threads</source>
        <translation>Threads</translation>
    </message>
    <message>
        <source>What it takes</source>
        <translation>Was er braucht</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Defaults</source>
        <translation>Vorgaben</translation>
    </message>
    <message>
        <source>No setting has this in its name or explanation.</source>
        <translation>Keine Einstellung hat das in Name oder Erklärung.</translation>
    </message>
    <message>
        <source>&apos;batchSize&apos; cannot be shared equally by %1 processes</source>
        <translation>„batchSize“ lässt sich nicht gleichmäßig auf %1 Prozesse verteilen</translation>
    </message>
    <message>
        <source>This must be a whole number%1.</source>
        <translation>Das muss eine ganze Zahl sein%1.</translation>
    </message>
    <message>
        <source>This must be a number%1.</source>
        <translation>Das muss eine Zahl sein%1.</translation>
    </message>
    <message>
        <source>Ready. The run goes on when this window is closed.</source>
        <translation>Bereit. Der Lauf geht weiter, wenn dieses Fenster geschlossen wird.</translation>
    </message>
    <message>
        <source>Left out, because this version does not have them: %1.</source>
        <translation>Weggelassen, weil diese Version sie nicht hat: %1.</translation>
    </message>
    <message>
        <source>The run is a process of its own; closing the window does not end it.</source>
        <translation>Der Lauf ist ein eigener Prozess; das Schließen des Fensters beendet ihn nicht.</translation>
    </message>
    <message>
        <source>The processes share the cores, or take a card each, and every batch.</source>
        <translation>Die Prozesse teilen sich die Kerne oder nehmen je eine Karte, und sie teilen sich jeden Batch.</translation>
    </message>
    <message>
        <source>A script is written into the run&apos;s folder and given to sbatch. The folder and the data must lie where the cluster&apos;s machines see them.</source>
        <translation>Ein Skript wird in den Ordner des Laufs geschrieben und an sbatch übergeben. Ordner und Daten müssen dort liegen, wo die Rechner des Clusters sie sehen.</translation>
    </message>
    <message>
        <source>Stop measuring</source>
        <translation>Messung anhalten</translation>
    </message>
    <message>
        <source>Reading the data and trying some steps…</source>
        <translation>Daten werden gelesen, einige Schritte ausprobiert…</translation>
    </message>
    <message>
        <source>Measuring was stopped.</source>
        <translation>Die Messung wurde angehalten.</translation>
    </message>
    <message>
        <source>Will not fit: batch %1 → %2.</source>
        <translation>Passt nicht hinein: Batch %1 → %2.</translation>
    </message>
    <message>
        <source>The batch fits.</source>
        <translation>Der Batch passt.</translation>
    </message>
    <message>
        <source>A step takes about %1 MiB of %2 MiB that are free.</source>
        <translation>Ein Schritt nimmt etwa %1 MiB von %2 freien MiB.</translation>
    </message>
    <message>
        <source>About %1 a step, %2 for all %3 steps, without measuring.</source>
        <translation>Etwa %1 je Schritt, %2 für alle %3 Schritte, ohne Messungen.</translation>
    </message>
    <message>
        <source>%1 parameters, %2 on %3.</source>
        <translation>%1 Parameter, %2 auf %3.</translation>
    </message>
    <message>
        <source>1 setting cannot be used: %1</source>
        <translation>1 Einstellung kann nicht verwendet werden: %1</translation>
    </message>
    <message>
        <source>%1 settings cannot be used, such as: %2</source>
        <translation>%1 Einstellungen können nicht verwendet werden, etwa: %2</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::TrainingPage</name>
    <message>
        <source>Loss</source>
        <translation>Verlust</translation>
    </message>
    <message>
        <source>Validation</source>
        <translation>Validierung</translation>
    </message>
    <message>
        <source>Validation: %1</source>
        <translation>Validierung: %1</translation>
    </message>
    <message>
        <source>Learning rate</source>
        <translation>Lernrate</translation>
    </message>
    <message>
        <source>Pictures a second</source>
        <translation>Bilder je Sekunde</translation>
    </message>
    <message>
        <source>Norm of the gradients</source>
        <translation>Norm der Gradienten</translation>
    </message>
    <message>
        <source>Share of time waiting for data</source>
        <translation>Anteil der Zeit, in der auf Daten gewartet wird</translation>
    </message>
    <message>
        <source>Memory of the card, MiB</source>
        <translation>Speicher der Karte, MiB</translation>
    </message>
    <message>
        <source>Scale of the loss</source>
        <translation>Skalierung des Verlusts</translation>
    </message>
    <message>
        <source>Terms of the loss</source>
        <translation>Bestandteile des Verlusts</translation>
    </message>
    <message>
        <source>New run…</source>
        <translation>Neuer Lauf…</translation>
    </message>
    <message>
        <source>Add a folder of runs…</source>
        <translation>Ordner mit Läufen hinzufügen…</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Anhalten</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>Fortsetzen</translation>
    </message>
    <message>
        <source>Clone…</source>
        <translation>Klonen…</translation>
    </message>
    <message>
        <source>Queue</source>
        <translation>Einreihen</translation>
    </message>
    <message>
        <source>Open folder</source>
        <translation>Ordner öffnen</translation>
    </message>
    <message>
        <source>Logarithmic</source>
        <translation>Logarithmisch</translation>
    </message>
    <message>
        <source>Nothing has been measured yet.</source>
        <translation>Noch nichts gemessen.</translation>
    </message>
    <message>
        <source>Setting</source>
        <translation>Einstellung</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>Wert</translation>
    </message>
    <message>
        <source>Default</source>
        <translation>Vorgabe</translation>
    </message>
    <message>
        <source>Checkpoint</source>
        <translation>Checkpoint</translation>
    </message>
    <message>
        <source>Step</source>
        <translation>Schritt</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Saved</source>
        <translation>Gespeichert</translation>
    </message>
    <message>
        <source>What it is</source>
        <translation>Was es ist</translation>
    </message>
    <message>
        <source>What differs</source>
        <translation>Was sich unterscheidet</translation>
    </message>
    <message>
        <source>Use this model</source>
        <translation>Dieses Modell verwenden</translation>
    </message>
    <message>
        <source>No training runs yet</source>
        <translation>Noch keine Trainingsläufe</translation>
    </message>
    <message>
        <source>Train the small models on drawn people, or the paper&apos;s on your data. A run is a process of its own: it goes on when this window is closed.</source>
        <translation>Trainieren Sie die kleinen Modelle mit gezeichneten Personen, oder die der Veröffentlichung mit Ihren Daten. Ein Lauf ist ein eigener Prozess: Er geht weiter, wenn dieses Fenster geschlossen wird.</translation>
    </message>
    <message>
        <source>Training runs</source>
        <translation>Trainingsläufe</translation>
    </message>
    <message>
        <source>Curves</source>
        <translation>Kurven</translation>
    </message>
    <message>
        <source>Log</source>
        <translation>Protokoll</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>Checkpoints</source>
        <translation>Checkpoints</translation>
    </message>
    <message>
        <source>Compare</source>
        <translation>Vergleich</translation>
    </message>
    <message>
        <source>About the run</source>
        <translation>Über den Lauf</translation>
    </message>
    <message>
        <source>Smoothing</source>
        <translation>Glättung</translation>
    </message>
    <message>
        <source>Draws a moving average over the curves</source>
        <translation>Zeichnet einen gleitenden Mittelwert über die Kurven</translation>
    </message>
    <message>
        <source>Draws values by their order of magnitude</source>
        <translation>Zeichnet Werte nach ihrer Größenordnung</translation>
    </message>
    <message>
        <source>Show everything</source>
        <translation>Alles zeigen</translation>
    </message>
    <message>
        <source>Log of the run</source>
        <translation>Protokoll des Laufs</translation>
    </message>
    <message>
        <source>Settings of the run</source>
        <translation>Einstellungen des Laufs</translation>
    </message>
    <message>
        <source>Differences of two runs</source>
        <translation>Unterschiede zweier Läufe</translation>
    </message>
    <message>
        <source>Name of the model</source>
        <translation>Name des Modells</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>Training</source>
        <translation>Training</translation>
    </message>
    <message>
        <source>&amp;New run…</source>
        <translation>&amp;Neuer Lauf…</translation>
    </message>
    <message>
        <source>Opens the dialog for a new run.</source>
        <translation>Öffnet den Dialog für einen neuen Lauf.</translation>
    </message>
    <message>
        <source>&amp;Stop and save</source>
        <translation>Anhalten und &amp;speichern</translation>
    </message>
    <message>
        <source>Asks the run to save and stop.</source>
        <translation>Bittet den Lauf, zu speichern und anzuhalten.</translation>
    </message>
    <message>
        <source>&amp;Resume</source>
        <translation>&amp;Fortsetzen</translation>
    </message>
    <message>
        <source>Goes on from the last checkpoint of a run that was stopped or lost.</source>
        <translation>Macht am letzten Checkpoint eines angehaltenen oder verlorenen Laufs weiter.</translation>
    </message>
    <message>
        <source>&amp;Clone…</source>
        <translation>&amp;Klonen…</translation>
    </message>
    <message>
        <source>Opens the dialog with the settings of the selected run.</source>
        <translation>Öffnet den Dialog mit den Einstellungen des gewählten Laufs.</translation>
    </message>
    <message>
        <source>&amp;Queue</source>
        <translation>&amp;Einreihen</translation>
    </message>
    <message>
        <source>Puts the selected runs at the end of the queue.</source>
        <translation>Setzt die gewählten Läufe ans Ende der Warteschlange.</translation>
    </message>
    <message>
        <source>Sooner in the queue</source>
        <translation>Früher in der Warteschlange</translation>
    </message>
    <message>
        <source>Later in the queue</source>
        <translation>Später in der Warteschlange</translation>
    </message>
    <message>
        <source>Co&amp;mpare</source>
        <translation>&amp;Vergleichen</translation>
    </message>
    <message>
        <source>Shows what the two selected runs were told differently.</source>
        <translation>Zeigt, was den beiden gewählten Läufen verschieden vorgegeben wurde.</translation>
    </message>
    <message>
        <source>&amp;Use this model</source>
        <translation>Dieses Modell &amp;verwenden</translation>
    </message>
    <message>
        <source>Open &amp;folder</source>
        <translation>&amp;Ordner öffnen</translation>
    </message>
    <message>
        <source>Shows the run&apos;s folder in the file manager.</source>
        <translation>Zeigt den Ordner des Laufs in der Dateiverwaltung.</translation>
    </message>
    <message>
        <source>&amp;Logarithmic</source>
        <translation>&amp;Logarithmisch</translation>
    </message>
    <message>
        <source>%1 of %2 runs loaded</source>
        <translation>%1 von %2 Läufen geladen</translation>
    </message>
    <message>
        <source>1 run</source>
        <translation>1 Lauf</translation>
    </message>
    <message>
        <source>%1 runs</source>
        <translation>%1 Läufe</translation>
    </message>
    <message>
        <source>%1 of %2 loaded</source>
        <translation>%1 von %2 geladen</translation>
    </message>
    <message>
        <source>1 damaged line left out</source>
        <translation>1 beschädigte Zeile ausgelassen</translation>
    </message>
    <message>
        <source>%1 damaged lines left out</source>
        <translation>%1 beschädigte Zeilen ausgelassen</translation>
    </message>
    <message>
        <source>made with: %1</source>
        <translation>gemacht mit: %1</translation>
    </message>
    <message>
        <source>setting: %1</source>
        <translation>Einstellung: %1</translation>
    </message>
    <message>
        <source>last measured: %1</source>
        <translation>zuletzt gemessen: %1</translation>
    </message>
    <message>
        <source>No run selected</source>
        <translation>Kein Lauf gewählt</translation>
    </message>
    <message>
        <source>best %1 at step %2</source>
        <translation>bester Wert %1 bei Schritt %2</translation>
    </message>
    <message>
        <source>It cannot go on with this version of the program: %1</source>
        <translation>Er kann mit dieser Version des Programms nicht weitergehen: %1</translation>
    </message>
    <message>
        <source>Saving…</source>
        <translation>Wird gespeichert…</translation>
    </message>
    <message>
        <source>Do not start</source>
        <translation>Nicht starten</translation>
    </message>
    <message>
        <source>Start now</source>
        <translation>Jetzt starten</translation>
    </message>
    <message>
        <source>The run must be done; its model is made at the end.</source>
        <translation>Der Lauf muss fertig sein; sein Modell entsteht am Ende.</translation>
    </message>
    <message>
        <source>Select two runs with Ctrl to compare them.</source>
        <translation>Wählen Sie mit Strg zwei Läufe aus, um sie zu vergleichen.</translation>
    </message>
    <message>
        <source>%1: %2</source>
        <translation>%1: %2</translation>
    </message>
    <message>
        <source>The run could not be started</source>
        <translation>Der Lauf konnte nicht gestartet werden</translation>
    </message>
    <message>
        <source>The run could not be stopped</source>
        <translation>Der Lauf konnte nicht angehalten werden</translation>
    </message>
    <message>
        <source>The run could not be resumed</source>
        <translation>Der Lauf konnte nicht fortgesetzt werden</translation>
    </message>
    <message>
        <source>The run could not be queued</source>
        <translation>Der Lauf konnte nicht eingereiht werden</translation>
    </message>
    <message>
        <source>The queue could not be changed</source>
        <translation>Die Warteschlange konnte nicht geändert werden</translation>
    </message>
    <message>
        <source>The settings of the run could not be read</source>
        <translation>Die Einstellungen des Laufs konnten nicht gelesen werden</translation>
    </message>
    <message>
        <source>Copying the model…</source>
        <translation>Das Modell wird kopiert…</translation>
    </message>
    <message>
        <source>The model could not be entered</source>
        <translation>Das Modell konnte nicht eingetragen werden</translation>
    </message>
    <message>
        <source>Folder with training runs</source>
        <translation>Ordner mit Trainingsläufen</translation>
    </message>
    <message>
        <source>The folder could not be added</source>
        <translation>Der Ordner konnte nicht hinzugefügt werden</translation>
    </message>
    <message>
        <source>Enters the finished model and takes it for its task.</source>
        <translation>Trägt das fertige Modell ein und nimmt es für seine Aufgabe.</translation>
    </message>
    <message>
        <source>“%1” lies in %2 and is taken for %3 when the program is started the next time. What was embedded by another model must be embedded again.</source>
        <translation>„%1“ liegt in %2 und wird beim nächsten Start des Programms für %3 genommen. Was ein anderes Modell eingebettet hat, muss erneut eingebettet werden.</translation>
    </message>
    <message>
        <source>Memory of the process, MiB</source>
        <translation>Speicher des Prozesses, MiB</translation>
    </message>
    <message>
        <source>chosen on test</source>
        <translation>auf Test gewählt</translation>
    </message>
    <message>
        <source>drawn people</source>
        <translation>gezeichnete Menschen</translation>
    </message>
    <message>
        <source>version %1</source>
        <translation>Version %1</translation>
    </message>
    <message>
        <source>%1 processes</source>
        <translation>%1 Prozesse</translation>
    </message>
    <message>
        <source>settings of another version</source>
        <translation>Einstellungen einer anderen Version</translation>
    </message>
    <message>
        <source>The best checkpoint was chosen on the split that it is judged by, so that its numbers are too good. Choose on val for numbers that can be compared.</source>
        <translation>Der beste Checkpoint wurde auf dem Split gewählt, an dem er gemessen wird, daher sind seine Zahlen zu gut. Wählen Sie auf val für vergleichbare Zahlen.</translation>
    </message>
    <message>
        <source>Trained and measured on people that the program draws: the numbers say nothing about photographs.</source>
        <translation>Trainiert und gemessen auf Menschen, die das Programm zeichnet: Die Zahlen sagen nichts über Fotos.</translation>
    </message>
    <message>
        <source>Trained by another version of the program.</source>
        <translation>Von einer anderen Version des Programms trainiert.</translation>
    </message>
    <message>
        <source>Trained by several processes together.</source>
        <translation>Von mehreren Prozessen gemeinsam trainiert.</translation>
    </message>
    <message>
        <source>This version of the program does not take all of its settings, so that it can be looked at, but not go on.</source>
        <translation>Diese Version des Programms nimmt nicht alle Einstellungen an; man kann den Lauf ansehen, aber nicht fortsetzen.</translation>
    </message>
    <message>
        <source>Samples</source>
        <translation>Beispiele</translation>
    </message>
    <message>
        <source>“%1” lies in %2, because nothing can be written to the models folder %3. Choose %2 in the settings to take it for %4.</source>
        <translation>„%1“ liegt in %2, weil in den Modellordner %3 nichts geschrieben werden kann. Wählen Sie %2 in den Einstellungen, um es für %4 zu nehmen.</translation>
    </message>
    <message>
        <source>IoU of the batch</source>
        <translation>IoU des Stapels</translation>
    </message>
    <message>
        <source>Share of pairs left out of the loss</source>
        <translation>Anteil der Paare, die der Verlust auslässt</translation>
    </message>
    <message>
        <source>People drawn so far</source>
        <translation>Bisher gezeichnete Menschen</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::TrialDelegate</name>
    <message>
        <source>names a colour</source>
        <translation>nennt eine Farbe</translation>
    </message>
    <message>
        <source>no colour</source>
        <translation>keine Farbe</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::TrialModel</name>
    <message>
        <source>(nothing)</source>
        <translation>(nichts)</translation>
    </message>
    <message>
        <source>waiting…</source>
        <translation>wartet…</translation>
    </message>
    <message>
        <source>not tried yet</source>
        <translation>noch nicht probiert</translation>
    </message>
    <message>
        <source>%1, crop %2: %3</source>
        <translation>%1, Ausschnitt %2: %3</translation>
    </message>
    <message>
        <source>Crop %1</source>
        <translation>Ausschnitt %1</translation>
    </message>
    <message>
        <source>Crop %1 · A</source>
        <translation>Ausschnitt %1 · A</translation>
    </message>
    <message>
        <source>Crop %1 · B</source>
        <translation>Ausschnitt %1 · B</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::TrialView</name>
    <message>
        <source>Templates and sampled crops with the phrases that were written</source>
        <translation>Vorlagen und gezogene Ausschnitte mit den geschriebenen Phrasen</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::VersionModel</name>
    <message>
        <source>in use</source>
        <translation>in Gebrauch</translation>
    </message>
    <message>
        <source>shipped</source>
        <translation>mitgeliefert</translation>
    </message>
    <message>
        <source>content not known</source>
        <translation>Inhalt nicht bekannt</translation>
    </message>
    <message numerus="yes">
        <source>%n masks made with it</source>
        <translation>
            <numerusform>%n Maske damit gemacht</numerusform>
            <numerusform>%n Masken damit gemacht</numerusform>
        </translation>
    </message>
    <message>
        <source>made from %1</source>
        <translation>gemacht aus %1</translation>
    </message>
</context>
<context>
    <name>sapsam::ui::ViewerPage</name>
    <message>
        <source>CAPTIONS</source>
        <translation>BESCHREIBUNGEN</translation>
    </message>
    <message>
        <source>Opacity of the masks</source>
        <translation>Deckkraft der Masken</translation>
    </message>
    <message>
        <source>Masks</source>
        <translation>Masken</translation>
    </message>
    <message>
        <source>Part that the tools change</source>
        <translation>Teil, den die Werkzeuge ändern</translation>
    </message>
    <message>
        <source>Part that the tools change (1 to 9, or L to find it)</source>
        <translation>Teil, den die Werkzeuge ändern (1 bis 9, oder L, um ihn zu finden)</translation>
    </message>
    <message>
        <source>Brush size in pixels</source>
        <translation>Pinselgröße in Pixeln</translation>
    </message>
    <message>
        <source>Brush size in pixels of the picture ([ and ])</source>
        <translation>Pinselgröße in Pixeln des Bildes ([ und ])</translation>
    </message>
    <message>
        <source> px</source>
        <translation> px</translation>
    </message>
    <message>
        <source>Phrase that the model looks for</source>
        <translation>Phrase, nach der das Modell sucht</translation>
    </message>
    <message>
        <source>Phrase, such as “a red jacket”</source>
        <translation>Phrase, etwa „a red jacket“</translation>
    </message>
    <message>
        <source>How much the mask of the phrase and the mask of points and box overlap (IoU): when they disagree, one of them means something else.</source>
        <translation>Wie weit sich die Maske der Phrase und die Maske aus Punkten und Rahmen decken (IoU): Wenn sie sich widersprechen, meint eine von ihnen etwas anderes.</translation>
    </message>
    <message>
        <source>Take mask</source>
        <translation>Maske übernehmen</translation>
    </message>
    <message>
        <source>Make this the part&apos;s mask (F or Enter)</source>
        <translation>Zur Maske des Teils machen (F oder Eingabe)</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Forget points, box and phrase (Esc)</source>
        <translation>Punkte, Rahmen und Phrase vergessen (Esc)</translation>
    </message>
    <message>
        <source>Parts and their phrases</source>
        <translation>Teile und ihre Phrasen</translation>
    </message>
    <message>
        <source>PARTS</source>
        <translation>TEILE</translation>
    </message>
    <message>
        <source>Captions</source>
        <translation>Beschreibungen</translation>
    </message>
    <message>
        <source>Erase: %1</source>
        <translation>Radieren: %1</translation>
    </message>
    <message>
        <source>Fill: %1</source>
        <translation>Füllen: %1</translation>
    </message>
    <message>
        <source>Polygon: %1</source>
        <translation>Polygon: %1</translation>
    </message>
    <message>
        <source>Cut out: %1</source>
        <translation>Ausschneiden: %1</translation>
    </message>
    <message>
        <source>Paint: %1</source>
        <translation>Malen: %1</translation>
    </message>
    <message>
        <source>Choose a part</source>
        <translation>Wählen Sie einen Teil</translation>
    </message>
    <message>
        <source>%1  %2</source>
        <translation>%1  %2</translation>
    </message>
    <message>
        <source>%1 (not there)</source>
        <translation>%1 (nicht vorhanden)</translation>
    </message>
    <message>
        <source>Viewer</source>
        <translation>Betrachter</translation>
    </message>
    <message>
        <source>Previous picture</source>
        <translation>Voriges Bild</translation>
    </message>
    <message>
        <source>Next picture</source>
        <translation>Nächstes Bild</translation>
    </message>
    <message>
        <source>Previous unreviewed picture</source>
        <translation>Voriges ungeprüftes Bild</translation>
    </message>
    <message>
        <source>Next unreviewed picture</source>
        <translation>Nächstes ungeprüftes Bild</translation>
    </message>
    <message>
        <source>Zoom in</source>
        <translation>Vergrößern</translation>
    </message>
    <message>
        <source>Zoom out</source>
        <translation>Verkleinern</translation>
    </message>
    <message>
        <source>Whole picture</source>
        <translation>Ganzes Bild</translation>
    </message>
    <message>
        <source>Actual size</source>
        <translation>Tatsächliche Größe</translation>
    </message>
    <message>
        <source>Zoom to the part</source>
        <translation>Auf den Teil zoomen</translation>
    </message>
    <message>
        <source>Choose a part first: 1 to 9, or L to find one by its name.</source>
        <translation>Wählen Sie zuerst einen Teil: 1 bis 9, oder L, um ihn nach seinem Namen zu finden.</translation>
    </message>
    <message>
        <source>Outlines</source>
        <translation>Umrisse</translation>
    </message>
    <message>
        <source>Patterns</source>
        <translation>Muster</translation>
    </message>
    <message>
        <source>Hatch the parts, so that they differ without colour</source>
        <translation>Teile schraffieren, damit sie sich auch ohne Farbe unterscheiden</translation>
    </message>
    <message>
        <source>Label map</source>
        <translation>Labelkarte</translation>
    </message>
    <message>
        <source>The parts alone, without the picture</source>
        <translation>Nur die Teile, ohne das Bild</translation>
    </message>
    <message>
        <source>Navigator</source>
        <translation>Navigator</translation>
    </message>
    <message>
        <source>A small picture to move by, while part of it is hidden</source>
        <translation>Ein kleines Bild zum Verschieben, solange ein Teil verborgen ist</translation>
    </message>
    <message>
        <source>Legend</source>
        <translation>Legende</translation>
    </message>
    <message>
        <source>Look and move</source>
        <translation>Ansehen und verschieben</translation>
    </message>
    <message>
        <source>Drag to move the picture; point at a part to light it up</source>
        <translation>Ziehen verschiebt das Bild; zeigen Sie auf einen Teil, um ihn hervorzuheben</translation>
    </message>
    <message>
        <source>Brush</source>
        <translation>Pinsel</translation>
    </message>
    <message>
        <source>Paint the part; the right button erases</source>
        <translation>Den Teil malen; die rechte Taste radiert</translation>
    </message>
    <message>
        <source>Eraser</source>
        <translation>Radierer</translation>
    </message>
    <message>
        <source>Take pixels from the part</source>
        <translation>Pixel vom Teil wegnehmen</translation>
    </message>
    <message>
        <source>Polygon</source>
        <translation>Polygon</translation>
    </message>
    <message>
        <source>Click corners; F or Enter, or a click on the first one, adds the inside</source>
        <translation>Ecken klicken; F oder Eingabe oder ein Klick auf die erste fügt das Innere hinzu</translation>
    </message>
    <message>
        <source>Cut a polygon out</source>
        <translation>Polygon ausschneiden</translation>
    </message>
    <message>
        <source>Click corners; F or Enter takes the inside away</source>
        <translation>Ecken klicken; F oder Eingabe nimmt das Innere weg</translation>
    </message>
    <message>
        <source>Fill</source>
        <translation>Füllen</translation>
    </message>
    <message>
        <source>Click a hole to fill it; Shift and a click removes a piece</source>
        <translation>Ein Loch anklicken, um es zu füllen; Umschalt und Klick entfernt ein Stück</translation>
    </message>
    <message>
        <source>Pick a part</source>
        <translation>Teil aufnehmen</translation>
    </message>
    <message>
        <source>Click a part to choose it for the tools</source>
        <translation>Einen Teil anklicken, um ihn für die Werkzeuge zu wählen</translation>
    </message>
    <message>
        <source>Point inside</source>
        <translation>Punkt innen</translation>
    </message>
    <message>
        <source>The model finds what is here; hold Ctrl to give several at once</source>
        <translation>Das Modell findet, was hier ist; Strg halten, um mehrere zugleich anzugeben</translation>
    </message>
    <message>
        <source>Point outside</source>
        <translation>Punkt außen</translation>
    </message>
    <message>
        <source>The model leaves out what is here</source>
        <translation>Das Modell lässt weg, was hier ist</translation>
    </message>
    <message>
        <source>Box</source>
        <translation>Rahmen</translation>
    </message>
    <message>
        <source>The model finds what is in it</source>
        <translation>Das Modell findet, was darin ist</translation>
    </message>
    <message>
        <source>Phrase</source>
        <translation>Phrase</translation>
    </message>
    <message>
        <source>Say what the part is, and see the mask move</source>
        <translation>Sagen, was der Teil ist, und sehen, wie sich die Maske bewegt</translation>
    </message>
    <message>
        <source>Remove underlying pixels</source>
        <translation>Darunterliegende Pixel entfernen</translation>
    </message>
    <message>
        <source>What a part gains is taken from the other parts, except locked ones</source>
        <translation>Was ein Teil gewinnt, wird den anderen Teilen genommen, außer gesperrten</translation>
    </message>
    <message>
        <source>Remove the part</source>
        <translation>Teil entfernen</translation>
    </message>
    <message>
        <source>Say that this part is not there: no model run brings it back</source>
        <translation>Sagen, dass dieser Teil nicht da ist: Kein Modelllauf bringt ihn zurück</translation>
    </message>
    <message>
        <source>Last tool again</source>
        <translation>Letztes Werkzeug noch einmal</translation>
    </message>
    <message>
        <source>Smaller brush</source>
        <translation>Kleinerer Pinsel</translation>
    </message>
    <message>
        <source>Larger brush</source>
        <translation>Größerer Pinsel</translation>
    </message>
    <message>
        <source>Finish</source>
        <translation>Abschließen</translation>
    </message>
    <message>
        <source>Close the polygon, or take the model&apos;s mask</source>
        <translation>Das Polygon schließen oder die Maske des Modells übernehmen</translation>
    </message>
    <message>
        <source>Cancel, or back to the gallery</source>
        <translation>Abbrechen, oder zurück zur Galerie</translation>
    </message>
    <message>
        <source>Find a part by its name</source>
        <translation>Teil nach seinem Namen finden</translation>
    </message>
    <message>
        <source>Show or hide the part</source>
        <translation>Teil zeigen oder verbergen</translation>
    </message>
    <message>
        <source>Show the part alone</source>
        <translation>Nur diesen Teil zeigen</translation>
    </message>
    <message>
        <source>Lock the part</source>
        <translation>Teil sperren</translation>
    </message>
    <message>
        <source>Edit the part&apos;s phrase</source>
        <translation>Phrase des Teils bearbeiten</translation>
    </message>
    <message>
        <source>Choose: %1</source>
        <translation>Auswählen: %1</translation>
    </message>
    <message>
        <source>Loading…</source>
        <translation>Wird geladen…</translation>
    </message>
    <message>
        <source>%1 × %2 pixels</source>
        <translation>%1 × %2 Pixel</translation>
    </message>
    <message>
        <source>No parts have been found on this picture. “Segment” looks for them; you can also draw them: choose a part (1 to 9) and the brush (P).</source>
        <translation>Auf diesem Bild wurden keine Teile gefunden. „Segmentieren“ sucht nach ihnen; Sie können sie auch zeichnen: Wählen Sie einen Teil (1 bis 9) und den Pinsel (P).</translation>
    </message>
    <message>
        <source>A person said that there are no parts on this picture.</source>
        <translation>Ein Mensch hat gesagt, dass auf diesem Bild keine Teile sind.</translation>
    </message>
    <message>
        <source>This picture cannot be shown</source>
        <translation>Dieses Bild kann nicht gezeigt werden</translation>
    </message>
    <message>
        <source>Open a picture from the gallery.</source>
        <translation>Öffnen Sie ein Bild aus der Galerie.</translation>
    </message>
    <message>
        <source>%1 of %2</source>
        <translation>%1 von %2</translation>
    </message>
    <message>
        <source>No model for points and boxes is installed; the phrase (R) works.</source>
        <translation>Es ist kein Modell für Punkte und Rahmen installiert; die Phrase (R) funktioniert.</translation>
    </message>
    <message>
        <source>This part is locked.</source>
        <translation>Dieser Teil ist gesperrt.</translation>
    </message>
    <message>
        <source>Take mask: %1</source>
        <translation>Maske übernehmen: %1</translation>
    </message>
    <message>
        <source>Remove: %1</source>
        <translation>Entfernen: %1</translation>
    </message>
    <message>
        <source>model %1</source>
        <translation>Modell %1</translation>
    </message>
    <message>
        <source>Phrase: %1</source>
        <translation>Phrase: %1</translation>
    </message>
    <message>
        <source>nothing found</source>
        <translation>nichts gefunden</translation>
    </message>
    <message>
        <source>IoU %1 expected</source>
        <translation>IoU %1 erwartet</translation>
    </message>
    <message>
        <source>phrase and points agree: %1</source>
        <translation>Phrase und Punkte stimmen überein: %1</translation>
    </message>
    <message>
        <source>%1 ms</source>
        <translation>%1 ms</translation>
    </message>
    <message>
        <source>encoding…</source>
        <translation>wird kodiert…</translation>
    </message>
    <message>
        <source>encoding… what you asked for waits</source>
        <translation>wird kodiert… Ihre Eingabe wartet</translation>
    </message>
    <message>
        <source>Find a part</source>
        <translation>Teil finden</translation>
    </message>
    <message>
        <source>Name of a part</source>
        <translation>Name eines Teils</translation>
    </message>
    <message>
        <source>Parts that fit</source>
        <translation>Passende Teile</translation>
    </message>
    <message>
        <source>There is no unreviewed picture in this direction.</source>
        <translation>In dieser Richtung gibt es kein ungeprüftes Bild.</translation>
    </message>
    <message>
        <source>TO MEND</source>
        <translation>ZU VERBESSERN</translation>
    </message>
    <message>
        <source>What to mend on this picture</source>
        <translation>Was an diesem Bild zu verbessern ist</translation>
    </message>
    <message>
        <source>Choose part %1</source>
        <translation>Teil %1 wählen</translation>
    </message>
    <message>
        <source>Filmstrip</source>
        <translation>Filmstreifen</translation>
    </message>
    <message>
        <source>The neighbouring pictures below the canvas</source>
        <translation>Die benachbarten Bilder unter der Arbeitsfläche</translation>
    </message>
    <message>
        <source>Part checks</source>
        <translation>Prüfung der Teile</translation>
    </message>
    <message>
        <source>Pictures with gaps, overlaps, holes and crumbs, the worst first</source>
        <translation>Bilder mit Lücken, Überlappungen, Löchern und Krümeln, die schlimmsten zuerst</translation>
    </message>
    <message>
        <source>Next picture to mend</source>
        <translation>Nächstes zu verbesserndes Bild</translation>
    </message>
    <message>
        <source>Click to see where</source>
        <translation>Klicken, um zu sehen, wo</translation>
    </message>
</context>
</TS>
