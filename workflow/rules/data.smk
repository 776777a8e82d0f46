rule store:
    message: "Data: {wildcards.split} store"
    input: imported_by("data make")
    output: f"data/{SCALE}/{{split}}.h5"
    params: data=RUNG["data"]
    threads: THREADS
    shell: "packdepth data make {wildcards.split}"
