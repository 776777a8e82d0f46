rule archives:
    message: "Data: archives of {wildcards.scale}"
    input: imported_by("data download")
    output: "data/{scale}/archives.json"
    params: data=lambda wildcards: config["scales"][wildcards.scale]["data"]
    localrule: True  # nodes of clusters seldom reach the network, and 175 GB take longer than their jobs may
    shell: "packdepth data download --scale {wildcards.scale}"


rule store:
    message: "Data: {wildcards.split} store of {wildcards.scale}"
    input:
        imported_by("data make"),
        "data/{scale}/archives.json",
    output: "data/{scale}/{split}.h5"
    params: data=lambda wildcards: config["scales"][wildcards.scale]["data"]
    threads: THREADS
    shell: "packdepth data make {wildcards.split} --scale {wildcards.scale}"
